import { z } from 'zod'
import { passed, wrong } from '../check-result.js'
import { validator } from '../validator.js'

/** The answer has a character that can be seen. */
export const responseNotEmpty = validator({
  type: 'response_not_empty',
  aliases: { not_empty: {} },
  params: z.strictObject({}),
  check({ content }) {
    // \p{C} and \p{Z} are controls, formats such as the zero-width space, and blanks
    if (/[^\s\p{C}\p{Z}]/u.test(content)) return passed
    return wrong('The answer is empty.', { mend: 'Answer the request with text.' })
  },
})
