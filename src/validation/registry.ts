import type { Validator } from './validator.js'
import { agentTask } from './validators/agent-task.js'
import { aiContradictionCheck } from './validators/ai-contradiction-check.js'
import { code } from './validators/code.js'
import { contains } from './validators/contains.js'
import { corpusCheck } from './validators/corpus-check.js'
import { fieldPresent } from './validators/field-present.js'
import { jsonString } from './validators/json-string.js'
import { length } from './validators/length.js'
import { notContains } from './validators/not-contains.js'
import { openapiSpec } from './validators/openapi-spec.js'
import { regex } from './validators/regex.js'
import { responseNotEmpty } from './validators/response-not-empty.js'
import { schema } from './validators/schema.js'
import { sql } from './validators/sql.js'
import { stringCheck } from './validators/string-check.js'

/** Every type of check there is, in the order of the documentation. */
export const validators: readonly Validator[] = [
  responseNotEmpty,
  jsonString,
  fieldPresent,
  schema,
  length,
  regex,
  contains,
  notContains,
  stringCheck,
  corpusCheck,
  code,
  sql,
  openapiSpec,
  agentTask,
  aiContradictionCheck,
]

/** A name of a type -> the validator and the parameters the name stands for. */
const named = new Map(
  validators.flatMap((validator) => [
    [validator.type, { validator, preset: {} }] as const,
    ...Object.entries(validator.aliases ?? {}).map(([alias, preset]) => [alias, { validator, preset }] as const),
  ]),
)

export const knownTypes: readonly string[] = [...named.keys()]

export function find(name: string): { validator: Validator; preset: Record<string, unknown> } | undefined {
  return named.get(name)
}

/** @throws Error for a type that is none, as in a job stored by another version */
export function validatorOf(type: string): Validator {
  const found = named.get(type)
  if (found === undefined) throw new Error(`there is no validator '${type}'`)
  return found.validator
}
