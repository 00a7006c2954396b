import { z } from 'zod'
import { texts } from '../texts.js'
import { resultOf } from '../check-result.js'
import { validator } from '../validator.js'
import { missingError, searchIn } from './contains.js'
import { lengthErrors } from './length.js'
import { forbiddenError } from './not-contains.js'
import { patternErrors, patternParam, patternSource } from './regex.js'

const limit = z.int().min(0).optional()

/** Several checks of the text in one, each by its own parameter. */
export const stringCheck = validator({
  type: 'string_check',
  renames: { regex: 'regex_matches', pattern: 'regex_matches' },
  params: z
    .strictObject({
      contains: texts.optional(),
      not_contains: texts.optional(),
      regex_matches: patternParam.optional(),
      min_chars: limit,
      max_chars: limit,
    })
    .refine((params) => Object.values(params).some((value) => value !== undefined), 'at least one parameter is needed'),
  sources: ({ regex_matches: pattern }) => (pattern === undefined ? [] : [patternSource('regex_matches', pattern)]),
  check({ content }, params) {
    const has = searchIn(content, true)
    const missing = (params.contains ?? []).filter((text) => !has(text))
    const forbidden = (params.not_contains ?? []).filter(has)
    return resultOf([
      ...missing.map((text) => missingError(text)),
      ...forbidden.map(forbiddenError),
      ...(params.regex_matches === undefined ? [] : patternErrors(content, params.regex_matches)),
      ...lengthErrors(content, 'characters', params.min_chars, params.max_chars),
    ])
  },
})
