/** JSON Schemas that clients send: whether they are ones, before anything is spent on them. */
import type { ErrorObject, ValidateFunction } from 'ajv'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

export type JsonSchema = Record<string, unknown>

/** Deeper and bigger than any real one, and small enough to compile in a few milliseconds. */
const maxDepth = 100
const maxMembers = 20_000

/** What is wrong with a schema, or null. Remote references are never fetched, so they are wrong. */
export function schemaProblem(schema: JsonSchema): string | null {
  const size = { members: 0 }
  if (!isWithin(schema, maxDepth, size)) return `nested deeper than ${maxDepth} levels or more than ${maxMembers} members`
  try {
    compile(schema)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * @throws Error with Ajv's words if it is no schema. Patterns are looked at but not run: the CLI runs them in a process of its own,
 *   which may hang on one without holding up anybody else.
 */
export function compile(schema: JsonSchema): ValidateFunction {
  const { $schema: dialect, ...rest } = schema
  const older = typeof dialect === 'string' && /draft-0[4-7]/.test(dialect)
  const options = { strict: false, allErrors: false, logger: false as const, code: { regExp: looked } }
  const ajv = older ? new Ajv(options) : new Ajv2020(options)
  // a CommonJS module, whose default export is typed as a member
  ;(addFormats as unknown as (ajv: Ajv) => void)(ajv)
  return ajv.compile(rest)
}

/** The first thing that is wrong with a value: `/items/0/price: must be number`. */
export function describe(errors: readonly ErrorObject[] | null | undefined): string {
  const [error] = errors ?? []
  if (error === undefined) return 'it does not satisfy the schema'
  return `${error.instancePath === '' ? 'the answer' : error.instancePath}: ${error.message ?? error.keyword}`
}

/** Compiles a pattern, so that a wrong one is found, and matches everything. */
const looked = Object.assign(
  (pattern: string, flags: string) => {
    new RegExp(pattern, flags)
    return { test: () => true }
  },
  { code: '() => ({ test: () => true })' },
)

function isWithin(value: unknown, depth: number, size: { members: number }): boolean {
  if (typeof value !== 'object' || value === null) return true
  const members = Object.values(value)
  size.members += members.length
  return depth > 0 && size.members <= maxMembers && members.every((member) => isWithin(member, depth - 1, size))
}
