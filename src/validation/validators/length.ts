import { z } from 'zod'
import { resultOf } from '../check-result.js'
import { validator } from '../validator.js'
import type { CheckError } from '../../schema/words.js'

const limit = z.int().min(0)

/** Characters are code points, words are runs without white space, lines are what line breaks part. */
const counters = {
  characters: (text: string) => [...text].length,
  words: (text: string) => text.match(/\S+/g)?.length ?? 0,
  lines: (text: string) => (text === '' ? 0 : text.replace(/\r?\n$/, '').split('\n').length),
}

/** The length of the answer is within limits, both inclusive. */
export const length = validator({
  type: 'length',
  aliases: { min_length: {}, max_length: {} },
  renames: {
    min_length: 'min',
    min_chars: 'min',
    minimum: 'min',
    max_length: 'max',
    max_chars: 'max',
    maximum: 'max',
    exactly: 'exact',
  },
  params: z
    .strictObject({
      min: limit.optional(),
      max: limit.optional(),
      exact: limit.optional(),
      unit: z.enum(['characters', 'words', 'lines']).default('characters'),
    })
    .refine(({ min, max, exact }) => [min, max, exact].some((value) => value !== undefined), "one of 'min', 'max' and 'exact' is needed")
    .refine(({ min, max }) => min === undefined || max === undefined || min <= max, "'min' is more than 'max'"),
  check({ content }, { unit, exact, min = exact, max = exact }) {
    return resultOf(lengthErrors(content, unit, min, max))
  },
})

export function lengthErrors(text: string, unit: keyof typeof counters, min = 0, max = Infinity): CheckError[] {
  const count = counters[unit](text)
  const has = `The answer has ${count} ${unit}`
  if (count < min) return [{ message: `${has}, fewer than ${min}.`, mend: `Write at least ${min} ${unit}.` }]
  if (count > max) return [{ message: `${has}, more than ${max}.`, mend: `Write at most ${max} ${unit}.` }]
  return []
}
