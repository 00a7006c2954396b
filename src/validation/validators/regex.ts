import { z } from 'zod'
import { compilePattern, matches, maxPatternLength } from '../../schema/pattern.js'
import { quote } from '../text.js'
import { resultOf } from '../check-result.js'
import { validator } from '../validator.js'
import type { CheckError } from '../../schema/words.js'

/** A pattern, which has to compile: see {@link patternSource}. */
export const patternParam = z.string().min(1).max(maxPatternLength)

export function patternSource(param: string, pattern: string) {
  const wrong = (why: string) => `it is not a regular expression (${why.slice(0, 160)})`
  return { param, source: { what: 'pattern' as const, pattern }, wrong }
}

/** A pattern is found in the answer, or is not. */
export const regex = validator({
  type: 'regex',
  aliases: { regex_match: {} },
  renames: { regex: 'pattern', regex_matches: 'pattern', regexp: 'pattern' },
  params: z.strictObject({
    pattern: patternParam.describe("JavaScript syntax, or the common part of Python's; found anywhere unless it is anchored"),
    flags: z
      .string()
      .regex(/^[imsu]*$/, "only 'i', 'm', 's' and 'u' are known")
      .default(''),
    full_match: z.boolean().default(false).describe('the pattern must take the whole answer'),
    should_match: z.boolean().default(true).describe('false: the pattern must not be found'),
  }),
  sources: ({ pattern }) => [patternSource('pattern', pattern)],
  check({ content }, { pattern, flags, full_match, should_match }) {
    return resultOf(patternErrors(content, pattern, { flags, full: full_match, wanted: should_match }))
  },
})

export function patternErrors(text: string, pattern: string, { flags = '', full = false, wanted = true } = {}): CheckError[] {
  const compiled = compilePattern(pattern, flags)
  // a group of its own, so that an alternative of the pattern does not end the anchor
  const anchored = full ? new RegExp(`(?<![\\s\\S])(?:${compiled.source})(?![\\s\\S])`, compiled.flags) : compiled
  if (matches(anchored, text) === wanted) return []
  const shown = quote(pattern)
  if (!wanted) return [{ message: `The answer matches the pattern ${shown}, which it must not.`, mend: `Change what matches ${shown}.` }]
  return [
    {
      message: `The answer does not match the pattern ${shown}${full ? ' as a whole' : ''}.`,
      mend: full ? `Answer with nothing but a text that matches ${shown}.` : `Write a text that matches ${shown}.`,
    },
  ]
}
