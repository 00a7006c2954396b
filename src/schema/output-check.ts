/** Whether an answer satisfies `response_format`'s schema. For a thread with a limit: both compiling and checking may take any time. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { compilePattern, isUnicode } from './pattern.js'
import { type JsonSchema, isOlder, mendedFor } from './json-schema.js'

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
    code: { regExp: lookedAt(patternsHere(rest)) },
  }
  const ajv = isOlder(dialect) ? new Ajv(options) : new Ajv2020(options)
  // a CommonJS module, whose default export is typed as a member
  ;(addFormats as unknown as (ajv: Ajv) => void)(ajv)
  return ajv.compile(mendedFor(dialect, rest))
}

/** The first thing that is wrong with a value: `/items/0/price: must be number`. */
export function describe(errors: readonly ErrorObject[] | null | undefined): string {
  const [error] = errors ?? []
  if (error === undefined) return 'it does not satisfy the schema'
  return `${error.instancePath === '' ? 'the answer' : error.instancePath}: ${error.message ?? error.keyword}`
}

/** One that the CLI has run matches everything here; one that the CLI does not know is run. */
function lookedAt(here: ReadonlySet<string>) {
  const look = (pattern: string) => (isUnicode(pattern) && !here.has(pattern) ? { test: () => true } : compilePattern(pattern))
  return Object.assign(look, { code: '() => ({ test: () => true })' })
}

/** Keywords of which the CLI is not told all. */
const partlyTold = ['patternProperties', 'prefixItems', 'additionalItems', 'unevaluatedItems', 'unevaluatedProperties']

/**
 * Patterns that are run here as well: those of keys, as what they do not match they say nothing of, and those below keywords of which
 * the CLI is not told all.
 */
function patternsHere(value: unknown, isTold = true, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found
  for (const [keyword, member] of Object.entries(value as Record<string, unknown>)) {
    if (keyword === 'patternProperties' && typeof member === 'object' && member !== null)
      for (const pattern of Object.keys(member)) found.add(pattern)
    if (keyword === 'pattern' && !isTold && typeof member === 'string') found.add(member)
    const isTuple = keyword === 'items' && Array.isArray(member)
    patternsHere(member, isTold && !isTuple && !partlyTold.includes(keyword), found)
  }
  return found
}
