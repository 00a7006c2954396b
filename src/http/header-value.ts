/** The one place where a text becomes the value of a header: what others have written must neither end a header nor be one that clients refuse. */

/** Characters. Clients refuse heads above 8 to 16 KB (Node's fetch: 16 KB), and an answer has up to 30 headers. */
const longest = 2048

/**
 * Printable ASCII as it is; every other character as its UTF-8 bytes in percent-encoding (RFC 9110, 5.5). What is longer than 2048 characters
 * is cut and ends in `...`.
 */
export function headerValue(text: string): string {
  // what is cut away needs no encoding
  const encoded = text
    .slice(0, longest + 1)
    .replace(/[^\x20-\x7e]/gu, encode)
    .trim()
  if (encoded.length <= longest) return encoded
  // no half of an encoded byte
  return `${encoded.slice(0, longest - 3).replace(/%[0-9A-F]?$/, '')}...`
}

function encode(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

/** Headers of an answer with every text made safe; numbers and lists of texts stay what they are. */
export function safeHeaders<Value>(headers: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, safe(value)]))
}

function safe<Value>(value: Value): Value {
  if (typeof value === 'string') return headerValue(value) as Value
  return Array.isArray(value) ? (value.map(safe) as Value) : value
}
