/**
 * Checks a large request against its schema without holding the event loop: the schema's library knows no pauses, so long lists go
 * through it in cuts. What comes out is what {@link validate} says of the whole.
 */
import type { z } from 'zod'
import { createSlices } from '../../slices.js'
import { type Validated, validate } from '../../errors/request-error.js'

/** Members of a request that may be long lists of objects with long lists in them. */
const listNames = ['messages', 'input'] as const

/** Members of lists, and members of their members' lists, in one cut: a millisecond or two. */
const atOnce = 500

type Loose = Record<string, unknown>

/** Some of a list's members, and where in the list the first of them stands. */
interface Cut {
  members: Loose[]
  from: number
}

/** Whether a request has a list that is too long to be checked in one go. */
export function isLarge(given: unknown): boolean {
  return longList(given) !== undefined
}

export async function validateLarge<T>(schema: z.ZodType<T>, given: unknown): Promise<Validated<T>> {
  const name = longList(given)
  if (name === undefined) return validate(schema, given)
  const list = (given as Record<string, Loose[]>)[name]!
  const slice = createSlices()
  const said: Loose[] = []
  let whole: Loose | undefined
  for (const { members, from } of cutsOf(list)) {
    // the first cut is checked with everything else, the others with what has to be there
    const body = { ...(whole === undefined ? (given as Loose) : { model: whole['model'] }), [name]: members }
    const { value, error } = validate<unknown>(schema, body)
    if (error !== undefined)
      return validate(schema, { ...(given as Loose), [name]: list.map((member, index) => (index < from ? right : member)) })
    const checked = value as Record<string, Loose[]> & Loose
    whole ??= checked
    for (const member of checked[name]!) said.push(member)
    await slice()
  }
  return { value: { ...whole, [name]: await joined(list, said, slice) } as T }
}

/** Stands for members that are known to be right where it is asked what is wrong with the whole: its number stays what it is. */
const right = { role: 'user', content: 'x' }

function longList(given: unknown): (typeof listNames)[number] | undefined {
  return listNames.find((member) => isLong(given, member))
}

function isLong(given: unknown, name: string): boolean {
  if (typeof given !== 'object' || given === null) return false
  const list = (given as Loose)[name]
  if (!Array.isArray(list)) return false
  let weight = 0
  for (const member of list) if ((weight += weightOf(member)) > atOnce) return true
  return false
}

function weightOf(member: unknown): number {
  return longestOf(member) + 1
}

/** Length of the longest list in an object. */
function longestOf(member: unknown): number {
  if (typeof member !== 'object' || member === null) return 0
  let longest = 0
  // a member with a thousand members of its own is no message, and is not looked through
  for (const value of Object.values(member).slice(0, 20)) if (Array.isArray(value)) longest = Math.max(longest, value.length)
  return longest
}

/** An object with long lists -> objects that have the same members, and some of each list's. */
function partsOf(member: Loose): Loose[] {
  const length = longestOf(member)
  if (length <= atOnce) return [member]
  return Array.from({ length: Math.ceil(length / atOnce) }, (_, part) =>
    Object.fromEntries(
      Object.entries(member).map(([name, value]) => {
        if (!Array.isArray(value)) return [name, value]
        const some = value.slice(part * atOnce, (part + 1) * atOnce)
        // a list that is shorter than others is looked at once more: an empty one may be wrong where it is not
        return [name, some.length > 0 ? some : value.slice(0, atOnce)]
      }),
    ),
  )
}

function* cutsOf(list: Loose[]): Generator<Cut> {
  let cut: Cut = { members: [], from: 0 }
  let weight = 0
  for (const [index, member] of list.entries()) {
    for (const part of partsOf(member)) {
      if (cut.members.length === 0) cut.from = index
      cut.members.push(part)
      weight += weightOf(part)
      if (weight < atOnce) continue
      yield cut
      cut = { members: [], from: index }
      weight = 0
    }
  }
  if (cut.members.length > 0) yield cut
}

/** Puts objects that were cut together again. */
async function joined(list: Loose[], said: Loose[], slice: () => Promise<void>): Promise<unknown[]> {
  let at = 0
  const whole: unknown[] = []
  for (const [index, member] of list.entries()) {
    if (index % 500 === 499) await slice()
    const parts = Math.max(1, Math.ceil(longestOf(member) / atOnce))
    const first = said[at]!
    if (parts === 1) whole.push(first)
    else {
      const all = said.slice(at, at + parts)
      whole.push(Object.fromEntries(Object.entries(first).map(([name, value]) => [name, together(name, value, member, all)])))
    }
    at += parts
  }
  return whole
}

function together(name: string, value: unknown, { [name]: given }: Loose, parts: Loose[]): unknown {
  if (!Array.isArray(value) || !Array.isArray(given)) return value
  return parts.slice(0, Math.max(1, Math.ceil(given.length / atOnce))).flatMap((part) => part[name] as unknown[])
}
