/** What a thread compiles, kept for the next time: a schema is compiled when its request comes and used when its answer is there. */
import type { ValidateFunction } from 'ajv'
import { Lru } from '../../lru.js'
import { compileOutput, describe } from '../../schema/output-check.js'
import { compilePattern } from '../../schema/pattern.js'
import { compileSchema } from '../../schema/compile.js'
import type { Source } from '../../request/pending-source.js'

type Schema = Record<string, unknown>

/** By their text; code takes some ten times as much memory. */
const compiled = new Lru<ValidateFunction>({ entries: 100, bytes: 2 * 1024 * 1024 })

function keptOr(what: string, schema: Schema, compile: (schema: Schema) => ValidateFunction): ValidateFunction {
  const text = what + JSON.stringify(schema)
  const kept = compiled.get(text)
  if (kept !== undefined) return kept
  const made = compile(schema)
  compiled.set(text, made, text.length)
  return made
}

/** @throws Error that says what is wrong with the schema of a check */
export function validatorOfSchema(schema: Schema): ValidateFunction {
  return keptOr('schema', schema, compileSchema)
}

/** What is wrong with what is to be compiled, or null. */
export function sourceProblem(source: Source): string | null {
  try {
    if (source.what === 'pattern') compilePattern(source.pattern)
    else if (source.what === 'output') keptOr('output', source.schema, compileOutput)
    else validatorOfSchema(source.schema)
    return null
  } catch (error) {
    if (error instanceof RangeError) return 'it is nested too deeply'
    return error instanceof Error ? error.message : String(error)
  }
}

/** What is wrong with an answer by `response_format`'s schema, or null. */
export function outputProblem(schema: Schema, value: unknown): string | null {
  const validate = keptOr('output', schema, compileOutput)
  return validate(value) ? null : describe(validate.errors)
}
