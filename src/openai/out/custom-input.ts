/**
 * The text that a call of a custom tool has for its client. The model gives it as the argument `input` (see `in/tool-definitions.ts`), so
 * it is taken out of the JSON of the arguments, piece by piece as they come. No I/O.
 */
export interface InputReader {
  /** The text that a piece of the arguments adds. */
  add(piece: string): string
  /** What is left when the arguments are whole. */
  end(): string
}

/** How the arguments begin where they are as they should be. */
const head = /^\s*\{\s*"input"\s*:\s*"/
/** The beginnings of such a head: another piece may complete it. */
const partOfHead = /^\s*(?:\{\s*(?:"(?:i(?:n(?:p(?:u(?:t(?:"\s*(?::\s*)?)?)?)?)?)?)?)?)?$/

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' }

export function createInputReader(): InputReader {
  let whole = ''
  /** what is not decoded yet */
  let rest = ''
  let state: 'head' | 'text' | 'over' | 'other' = 'head'

  function decode(): string {
    let text = ''
    let at = 0
    while (at < rest.length) {
      const sign = rest[at]!
      if (sign === '"') {
        state = 'over'
        at = rest.length
      } else if (sign !== '\\') {
        text += sign
        at += 1
      } else {
        const kind = rest[at + 1]
        const length = kind === 'u' ? 6 : 2
        if (at + length > rest.length) break
        text += kind === 'u' ? String.fromCharCode(Number.parseInt(rest.slice(at + 2, at + 6), 16)) : (escapes[kind!] ?? kind!)
        at += length
      }
    }
    rest = rest.slice(at)
    return text
  }

  return {
    add(piece) {
      whole += piece
      if (state === 'over' || state === 'other') return ''
      rest += piece
      if (state === 'head') {
        const found = head.exec(rest)
        if (found === null) {
          if (!partOfHead.test(rest)) state = 'other'
          return ''
        }
        rest = rest.slice(found[0].length)
        state = 'text'
      }
      return decode()
    },
    // of arguments that were cut off in their head there is no text
    end: () => (state === 'other' ? textIn(whole) : ''),
  }
}

/** The text in whole arguments; the same as the pieces of {@link createInputReader} together. */
export function inputOf(json: string): string {
  const reader = createInputReader()
  return reader.add(json) + reader.end()
}

/** Of arguments that do not begin with `input`: its text, or the only text that there is, or the arguments as they are. */
function textIn(json: string): string {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'string') return value
    const members = Object.entries((value ?? {}) as Record<string, unknown>)
    const input = members.find(([name]) => name === 'input') ?? (members.length === 1 ? members[0] : undefined)
    if (typeof input?.[1] === 'string') return input[1]
    return members.length === 0 ? '' : json
  } catch {
    return json
  }
}
