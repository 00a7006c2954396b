/** A user's pattern -> a RegExp, Python's spelling included. Running it is for a thread with a time limit. */

export const maxPatternLength = 10_000

/**
 * JavaScript's syntax, with Unicode mode where the pattern allows it. Of Python's, `(?P<name>…)`, `(?P=name)`, `\A`, `\Z`, `\z` and
 * leading flags such as `(?i)` are understood. `flags` are of `i`, `m`, `s`, `u`.
 * @throws SyntaxError
 */
export function compilePattern(pattern: string, flags = ''): RegExp {
  const leading = /^\(\?([aimsuLx]+)\)/.exec(pattern)?.[1] ?? ''
  if (/[xL]/.test(leading)) throw new SyntaxError(`the flag '${/[xL]/.exec(leading)![0]}' is not supported`)
  const source = fromPython(leading === '' ? pattern : pattern.slice(leading.length + 3))
  const all = [...new Set(flags + leading)].filter((flag) => 'ims'.includes(flag)).join('')
  try {
    return new RegExp(source, `${all}u`)
  } catch (strict) {
    try {
      // Unicode mode refuses harmless escapes such as \@ and \-
      return new RegExp(source, all)
    } catch {
      throw strict
    }
  }
}

/** Whether a pattern is one by JSON Schema's own rules: JavaScript's syntax in Unicode mode. */
export function isUnicode(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u')
    return true
  } catch {
    return false
  }
}

/** Escapes, and the classes in which none of this means anything, are taken whole. */
function fromPython(pattern: string): string {
  return pattern.replace(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?P<|\(\?P=(\w+)\)/g, (part, name?: string) => {
    if (part === '\\A') return '(?<![\\s\\S])'
    if (part === '\\Z' || part === '\\z') return '(?![\\s\\S])'
    if (part === '(?P<') return '(?<'
    return name === undefined ? part : `\\k<${name}>`
  })
}

/** As Python's search does: `$` holds before a last line break too. */
export function matches(pattern: RegExp, text: string): boolean {
  if (pattern.test(text)) return true
  const withoutBreak = text.replace(/\r?\n$/, '')
  return withoutBreak.length < text.length && pattern.test(withoutBreak)
}
