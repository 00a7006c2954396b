/** What is wrong with a configuration, in one line: the place, what is wrong, and for an unknown member the nearest known name. */
import { z } from 'zod'
import { toParam } from '../errors/request-error.js'

type Issue = z.core.$ZodIssue

export interface Wrong {
  path: PropertyKey[]
  message: string
}

/** Holds names of members, and no value. */
export function wrongIn(issue: Issue, schema: z.core.$ZodType): Wrong {
  if (issue.code === 'invalid_union') {
    // a model of a provider is a name or an object; the branch that got further says more
    const inner = issue.errors.flat().find((one) => one.path.length > 0 || one.code === 'unrecognized_keys')
    if (inner !== undefined) return wrongIn({ ...inner, path: [...issue.path, ...inner.path] }, schema)
  }
  if (issue.code === 'unrecognized_keys') {
    const [name] = issue.keys as [string]
    const near = nearest(name, membersAt(schema, issue.path))
    return { path: [...issue.path, name], message: `there is no such member${near === null ? '' : `; the nearest is "${near}"`}` }
  }
  const message = (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message
  return { path: issue.path, message }
}

export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 300)
}

/** `models.opus.wy` */
export function toPlace(path: readonly PropertyKey[]): string {
  return oneLine(toParam(path))
}

/** The names of the members that the schema knows at that place. */
function membersAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const inner = unwrapped(schema)
  const [key, ...rest] = path
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => membersAt(option, path))
  if (inner instanceof z.ZodObject) {
    const shape = inner.shape as Record<string, z.core.$ZodType>
    if (key === undefined) return Object.keys(shape)
    const next = shape[String(key)] ?? inner.def.catchall
    return next === undefined ? [] : membersAt(next, rest)
  }
  if (inner instanceof z.ZodRecord && key !== undefined) return membersAt(inner.valueType, rest)
  if (inner instanceof z.ZodArray && key !== undefined) return membersAt(inner.element, rest)
  return []
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrapped(schema.unwrap())
  return schema
}

/** The known name that takes the fewest changes of one character; null where none is near. */
export function nearest(name: string, known: Iterable<string>): string | null {
  let best: { name: string; changes: number } | null = null
  for (const one of known) {
    const changes = changesBetween(name.toLowerCase(), one.toLowerCase())
    if (changes <= Math.max(2, one.length / 3) && (best === null || changes < best.changes)) best = { name: one, changes }
  }
  return best?.name ?? null
}

function changesBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
