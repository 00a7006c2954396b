import { z } from 'zod'
import { quote } from '../text.js'
import { texts } from '../texts.js'
import { resultOf } from '../check-result.js'
import { validator } from '../validator.js'
import type { CheckError } from '../../schema/words.js'

export const textRenames = {
  text: 'texts',
  substring: 'texts',
  substrings: 'texts',
  string: 'texts',
  strings: 'texts',
  value: 'texts',
  values: 'texts',
  keyword: 'texts',
  keywords: 'texts',
  phrase: 'texts',
  phrases: 'texts',
}

export const caseSensitive = z.boolean().default(true)

/** The answer has all of some texts, or at least one of them. */
export const contains = validator({
  type: 'contains',
  aliases: { response_contains: {} },
  renames: { ...textRenames, contains: 'texts', must_contain: 'texts', must_contain_keywords: 'texts' },
  params: z.strictObject({
    texts: texts.describe('one text or a list'),
    match: z.enum(['all', 'any']).default('all'),
    case_sensitive: caseSensitive,
  }),
  check({ content }, { texts, match, case_sensitive }) {
    const has = searchIn(content, case_sensitive)
    const missing = texts.filter((text) => !has(text))
    if (match === 'any') return resultOf(missing.length < texts.length ? [] : [noneOf(texts)])
    return resultOf(missing.map((text) => missingError(text)))
  },
})

/** Whether a text has a part. Equal code points are needed; Unicode's composed and decomposed forms count as equal. */
export function searchIn(text: string, sensitive: boolean): (part: string) => boolean {
  const plain = (value: string) => (sensitive ? value : value.toLowerCase()).normalize('NFC')
  const whole = plain(text)
  return (part) => whole.includes(plain(part))
}

export function missingError(text: string, where = 'The answer'): CheckError {
  return { message: `${where} does not contain ${quote(text)}.`, mend: `Use the text ${quote(text)}.` }
}

function noneOf(texts: string[]): CheckError {
  const names = texts
    .slice(0, 10)
    .map((text) => quote(text))
    .join(', ')
  return { message: `The answer contains none of ${names}.`, mend: `Use at least one of ${names}.` }
}
