/** JSON Schemas that clients send: whether they are ones, before anything is spent on them. Nothing is compiled here. */
import { mended } from './mend.js'
import { metaschemaProblem } from './metaschema.js'
import { reachableProblem } from './reachable.js'
import { type SchemaTotals, sizeOf } from './size.js'
import { withLaterTuples } from './tuples.js'

export type JsonSchema = Record<string, unknown>

/**
 * What is wrong with a schema, or null. Takes a time in proportion to its size, which is bounded. Remote references are never fetched,
 * so they are wrong. `totals`: what the other schemas of the request have had.
 */
export function schemaProblem(schema: JsonSchema, totals: SchemaTotals = { members: 0, patterns: 0 }): string | null {
  const size = sizeOf(schema, totals)
  if ('problem' in size) return size.problem
  const { $schema: dialect, ...rest } = schema
  const older = isOlder(dialect)
  const whole = mendedFor(dialect, rest)
  return metaschemaProblem(whole, older) ?? reachableProblem(whole, older, size.named)
}

/** As Ajv takes it. Many write the tuples of draft-07 and do not say so. */
export function mendedFor(dialect: unknown, schema: JsonSchema): JsonSchema {
  const whole = mended(schema)
  return dialect === undefined ? withLaterTuples(whole) : whole
}

/** Whether `$schema` names a draft before 2019-09. */
export function isOlder(dialect: unknown): boolean {
  return typeof dialect === 'string' && /draft-0[4-7]/.test(dialect)
}
