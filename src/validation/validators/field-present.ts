import { z } from 'zod'
import { readJson } from '../read/json.js'
import { steps, valueAt } from '../read/path.js'
import { quote } from '../text.js'
import { passed, wrong } from '../check-result.js'
import { validator, type AnswerToCheck } from '../validator.js'

const envelopeFields = ['content', 'model', 'usage']

/** A field of the answer's JSON is there, or is not there. */
export const fieldPresent = validator({
  type: 'field_present',
  renames: { field_path: 'field_name', field: 'field_name', path: 'field_name', name: 'field_name' },
  params: z.strictObject({
    field_name: z.string().min(1).max(1000).describe('dotted path: `user.name`, `items[0].id`; null as a value is present'),
    present: z.boolean().default(true).describe('false: the field must be absent'),
  }),
  check(answer, { field_name: path, present }) {
    const read = readJson(answer.content)
    const isJson = read.ok && typeof read.value === 'object' && read.value !== null
    // prose has no fields, but its envelope has; an answer such as 4 or "yes" is prose here, although it parses
    const root = isJson ? read.value : envelope(answer, path)
    const field = quote(path)
    if (root === undefined) {
      const why = read.ok ? 'The answer has no fields, because it is no JSON object or array' : read.error.message.replace(/\.$/, '')
      return wrong(`${why}; the field ${field} was looked for in it.`, {
        mend: present
          ? `Answer with one JSON object that has the field ${field}, and nothing else.`
          : 'Answer with one JSON object and nothing else.',
        path,
      })
    }
    const found = valueAt(root, path)
    if (found.found === present) return passed
    if (present) {
      const missing = found.found || found.missing === steps(path).join('.') ? '' : `: there is no ${quote(found.missing)}`
      return wrong(`The field ${field} is missing in the answer${missing}.`, { mend: `Add the field ${field}.`, path })
    }
    return wrong(`The field ${field} is in the answer, but must not be there.`, { mend: `Leave out the field ${field}.`, path })
  },
})

/** The envelope's own fields as an object, if the path begins with one of them. Empty content is absent. */
function envelope({ content, model, usage }: AnswerToCheck, path: string): object | undefined {
  if (!envelopeFields.includes(steps(path)[0]!)) return undefined
  return { ...(content.trim() !== '' && { content }), ...(model !== undefined && { model }), ...(usage !== undefined && { usage }) }
}
