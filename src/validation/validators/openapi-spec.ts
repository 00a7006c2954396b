import { parseDocument } from 'yaml'
import { z } from 'zod'
import { withoutFence } from '../read/fences.js'
import { atMost, positionAt } from '../text.js'
import { resultOf, wrong } from '../check-result.js'
import { validator } from '../validator.js'
import type { CheckError } from '../../schema/words.js'

const mend = 'Answer with the complete OpenAPI document as JSON or YAML, and nothing else.'
const versions = ['2.0', '3.0', '3.1', '3.2'] as const

/** The answer is an OpenAPI document that fits the standard's own schema; references inside it lead somewhere. */
export const openapiSpec = validator({
  type: 'openapi_spec',
  aliases: { openapi: {} },
  params: z.strictObject({ version: z.enum(versions).optional().describe('absent: any of them') }),
  async check({ content }, { version }) {
    const text = withoutFence(content, ['json', 'yaml', 'yml', 'openapi'])
    const document = parseDocument(text, { logLevel: 'silent', prettyErrors: false })
    const [bad] = document.errors
    if (bad !== undefined) {
      const path = positionAt(text, bad.pos[0])
      return wrong(`The answer is neither JSON nor YAML: ${bad.message} at ${path}.`, { mend, path })
    }
    // aliases are bounded by the parser, and cannot be merged into a bomb
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    // the library would read a string as the name of a file
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return wrong('The answer is not an OpenAPI document.', { mend })
    const { Validator } = await import('@seriousme/openapi-schema-validator')
    const library = new Validator({ strict: false, logger: false })
    const { valid, errors } = await library.validate(value as Record<string, unknown>)
    if (valid && version !== undefined && library.version !== version) {
      return wrong(`The document is OpenAPI ${library.version}, not ${version}.`, { mend: `Write it for OpenAPI ${version}.` })
    }
    return resultOf(valid ? [] : atMost(errorsOf(errors)))
  },
})

function errorsOf(errors: unknown): CheckError[] {
  if (!Array.isArray(errors)) return [{ message: `The OpenAPI document is wrong: ${String(errors).slice(0, 200)}`, mend }]
  return errors.map((error: { instancePath?: string; message?: string }) => {
    const path = error.instancePath ?? ''
    const where = path === '' ? '/' : path.slice(0, 200)
    const message = `The OpenAPI document is wrong at '${where}': ${error.message ?? 'it does not fit'}.`
    return { message, ...(path !== '' && { path: where }) }
  })
}
