import { z } from 'zod'
import { texts } from '../texts.js'
import { resultOf, validator } from '../validator.js'
import { includes, missingError } from './contains.js'
import { lengthErrors } from './length.js'
import { forbiddenError } from './not-contains.js'
import { patternErrors, patternParam } from './regex.js'

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
  isolated: true,
  check({ content }, params) {
    const missing = (params.contains ?? []).filter((text) => !includes(content, text, true))
    const forbidden = (params.not_contains ?? []).filter((text) => includes(content, text, true))
    return resultOf([
      ...missing.map((text) => missingError(text)),
      ...forbidden.map(forbiddenError),
      ...(params.regex_matches === undefined ? [] : patternErrors(content, params.regex_matches)),
      ...lengthErrors(content, 'characters', params.min_chars, params.max_chars),
    ])
  },
})
