import { z } from 'zod'
import { quote } from '../text.js'
import { texts } from '../texts.js'
import { resultOf } from '../check-result.js'
import { validator } from '../validator.js'
import type { CheckError } from '../../schema/words.js'
import { caseSensitive, searchIn, textRenames } from './contains.js'

/** The answer has none of some texts. */
export const notContains = validator({
  type: 'not_contains',
  // no more than a look for the phrases that were given
  aliases: { no_injection_detected: { case_sensitive: false } },
  renames: { ...textRenames, not_contains: 'texts', must_not_contain: 'texts', forbidden: 'texts', forbidden_phrases: 'texts' },
  params: z.strictObject({
    texts: texts.describe('one text or a list'),
    case_sensitive: caseSensitive,
  }),
  check({ content }, { texts, case_sensitive }) {
    return resultOf(texts.filter(searchIn(content, case_sensitive)).map(forbiddenError))
  },
})

export function forbiddenError(text: string): CheckError {
  return { message: `The answer contains ${quote(text)}, which it must not.`, mend: `Leave out the text ${quote(text)}.` }
}
