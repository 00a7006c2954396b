/** Whether an answer satisfies `response_format`'s schema. For a thread with a limit: both compiling and checking may take any time. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { mended } from './mend.js'
import { compilePattern, isUnicode } from './pattern.js'
import { type JsonSchema, isOlder } from './json-schema.js'

/**
 * @throws Error with Ajv's words if it is no schema. Of patterns those are run that the CLI is not told: it runs the others in a process
 *   of its own.
 */
export function compileOutput(schema: JsonSchema): ValidateFunction {
  const { $schema: dialect, ...rest } = schema
  // a definition is compiled once, not once for each reference
  const options = {
    strict: false,
    allErrors: false,
    inlineRefs: false,
    logger: false as const,
    code: { regExp: lookedAt(keyPatterns(rest)) },
  }
  const ajv = isOlder(dialect) ? new Ajv(options) : new Ajv2020(options)
  // a CommonJS module, whose default export is typed as a member
  ;(addFormats as unknown as (ajv: Ajv) => void)(ajv)
  return ajv.compile(mended(rest))
}

/** The first thing that is wrong with a value: `/items/0/price: must be number`. */
export function describe(errors: readonly ErrorObject[] | null | undefined): string {
  const [error] = errors ?? []
  if (error === undefined) return 'it does not satisfy the schema'
  return `${error.instancePath === '' ? 'the answer' : error.instancePath}: ${error.message ?? error.keyword}`
}

/** One that the CLI has run matches everything here; one that the CLI does not know is run. */
function lookedAt(keys: ReadonlySet<string>) {
  const look = (pattern: string) => (isUnicode(pattern) && !keys.has(pattern) ? { test: () => true } : compilePattern(pattern))
  return Object.assign(look, { code: '() => ({ test: () => true })' })
}

/** The patterns of keys: what they do not match they say nothing of, so that they are run here as well. */
function keyPatterns(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found
  for (const [keyword, member] of Object.entries(value as Record<string, unknown>)) {
    if (keyword === 'patternProperties' && typeof member === 'object' && member !== null)
      for (const pattern of Object.keys(member)) found.add(pattern)
    keyPatterns(member, found)
  }
  return found
}
