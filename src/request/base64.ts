/** Base64 (RFC 4648) in the strict form that every receiver understands. */

/** What a text in base64 decodes to, in bytes. */
export function sizeOf(data: string): number {
  return (data.length / 4) * 3 - paddingOf(data)
}

/** Standard alphabet, padded, no white space, no stray bits in the last group, not empty. */
export function isBase64(data: string): boolean {
  if (data.length === 0 || data.length % 4 !== 0) return false
  // searching for what does not belong: a pattern that matches the whole would need a stack as deep as the text is long
  const stranger = data.search(/[^A-Za-z0-9+/]/)
  if (stranger !== -1 && stranger < data.length - paddingOf(data)) return false
  const last = data.slice(-4)
  return Buffer.from(last, 'base64').toString('base64') === last
}

/** The same without the line breaks and spaces that mail and some encoders put in. */
export function unwrapped(data: string): string {
  return /\s/.test(data) ? data.replace(/\s+/g, '') : data
}

function paddingOf(data: string): number {
  return data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
}
