/** A user's JSON Schema -> ajv's function. Compiling is bounded by the schema's size; running it is for a thread with a limit. */
import { Ajv, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { mended } from './mend.js'
import { compilePattern } from './pattern.js'
import { remoteRef } from './refs.js'

export const maxSchemaCharacters = 64 * 1024

/** In JSON Schema a pattern is Unicode, but many are written without minding that, or for Python. */
const regExp = Object.assign((pattern: string): RegExp => compilePattern(pattern), { code: 'new RegExp' })

// users' schemas have members of their own and unknown formats; both mean nothing, as the standard has it
const options: Options = {
  ...{ strict: false, allErrors: true, logger: false, ownProperties: true, addUsedSchema: false, code: { regExp } },
  // a definition is compiled once, not once for each reference
  inlineRefs: false,
}

/**
 * By `$schema` draft-04 (as far as draft-07 takes it), draft-06, draft-07, 2019-09 or 2020-12; without it 2020-12, or else draft-07, of which many write unawares. Nothing
 * is ever fetched.
 * @throws Error whose message says what is wrong with the schema
 */
export function compileSchema(schema: Record<string, unknown>): ValidateFunction {
  const remote = remoteRef(schema)
  if (remote !== undefined) throw new Error(`the $ref '${remote.slice(0, 80)}' is not in the schema, and nothing is fetched; use $defs`)
  // such a function would answer with a promise, which is never false
  if ('$async' in schema) throw new Error('$async is not supported')
  const named = schema.$schema
  if (named === undefined) {
    try {
      return compileWith(new Ajv2020(options), schema)
    } catch (error) {
      return orElse(error, () => compileWith(new Ajv(options), schema))
    }
  }
  if (typeof named !== 'string') throw new Error('$schema must be a string')
  if (named.includes('/2020-12/')) return compileWith(new Ajv2020(options), schema)
  if (named.includes('/2019-09/')) return compileWith(new Ajv2019(options), schema)
  if (/\/draft-0[467]\//.test(named)) {
    // the drafts differ in one format; under its own name ajv would look for a meta schema it does not have
    return compileWith(new Ajv(options), { ...schema, $schema: 'http://json-schema.org/draft-07/schema#' })
  }
  throw new Error(`the $schema '${named.slice(0, 80)}' is not known; draft-04, draft-06, draft-07, 2019-09 and 2020-12 are`)
}

function compileWith(ajv: Ajv, schema: Record<string, unknown>): ValidateFunction {
  addFormats.default(ajv)
  return ajv.compile(mended(schema))
}

function orElse<T>(first: unknown, make: () => T): T {
  try {
    return make()
  } catch {
    throw first
  }
}
