/**
 * The members of a JSON object as the texts they were written in. Numbers stay what they are: `JSON.parse` rounds a 64-bit integer, makes
 * `1e400` infinite and `1.0` an integer, and a provider's request has to arrive as its client wrote it.
 */

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/**
 * Name -> JSON text of the value, in the order of the names. Of two members with one name the last counts, as for `JSON.parse`.
 *
 * @param text valid JSON of an object
 */
export function membersOf(text: string): Map<string, string> {
  const members = new Map<string, string>()
  let at = text.indexOf('{') + 1
  for (;;) {
    const name = text.indexOf('"', at)
    const end = endOfValue(text, at)
    // what is left is the closing brace alone
    if (name === -1 || name > end) return members
    const colon = endOfString(text, name) + 1
    const value = text.indexOf(':', colon) + 1
    members.set(JSON.parse(text.slice(name, colon)) as string, text.slice(value, end).trim())
    if (text.charCodeAt(end) !== comma) return members
    at = end + 1
  }
}

/** @param members name -> JSON text of the value */
export function objectText(members: Iterable<readonly [string, string]>): string {
  return `{${Array.from(members, ([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
}

/**
 * A list with further values at its end.
 *
 * @param list valid JSON of a list
 */
export function listWith(list: string, more: readonly unknown[]): string {
  if (more.length === 0) return list
  const inner = list.trim().slice(1, -1)
  return `[${[...(inner.trim() === '' ? [] : [inner]), ...more.map((value) => JSON.stringify(value))].join(',')}]`
}

/** The place of the comma or bracket behind what begins at `from`: a value, or a member with its name. */
function endOfValue(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at)
        break
      case openBrace:
      case openBracket:
        depth += 1
        break
      case closeBrace:
      case closeBracket:
        if (depth === 0) return at
        depth -= 1
        break
      case comma:
        if (depth === 0) return at
    }
  }
  return text.length
}

/** The place of the quote that ends the string at `from`. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); ; at = text.indexOf('"', at + 1)) {
    let before = at
    while (text.charCodeAt(before - 1) === backslash) before -= 1
    // pairs of backslashes are backslashes; one that is left escapes the quote
    if ((at - before) % 2 === 0) return at
  }
}
