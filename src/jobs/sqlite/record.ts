/** A job's record as a row: each member declared once, and reading, inserting and changing follow from it. */
import { catalogue } from '../../errors/catalogue.js'
import type { Job } from '../job.js'
import { statuses } from '../status.js'
import { UnreadableRecord } from '../unreadable.js'
import type { Row, Value } from './driver.js'

interface Column<T> {
  name: string
  write(value: T): Value
  /** Throws for what `write` cannot have given. */
  read(stored: Value | undefined): T
}

/** Whether a stored value is one of the column's. */
type Is = (value: unknown) => boolean

function checked<T>(value: unknown, is: Is): T {
  if (!is(value)) throw new TypeError('not what was written')
  return value as T
}

function plain<T extends Value>(name: string, is: Is): Column<T> {
  return { name, write: (value) => value, read: (stored) => checked(stored, is) }
}

function flag(name: string): Column<boolean> {
  return { name, write: Number, read: (stored) => Boolean(checked(stored, isWhole)) }
}

function json<T>(name: string, is: Is): Column<T> {
  return {
    name,
    write: (value) => (value === null ? null : JSON.stringify(value)),
    read: (stored) => checked(stored === null ? null : (JSON.parse(checked(stored, isText)) as unknown), is),
  }
}

const isText: Is = (value) => typeof value === 'string'
const isWhole: Is = Number.isSafeInteger
const isStatus: Is = (value) => statuses.some((status) => status === value)
const orNull =
  (is: Is): Is =>
  (value) =>
    value === null || is(value)
const listOf =
  (is: Is): Is =>
  (value) =>
    Array.isArray(value) && value.every(is)
const objectWith =
  (parts: Record<string, Is>): Is =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(parts).every(([name, is]) => is((value as Record<string, unknown>)[name]))

const isChoice = objectWith({
  text: isText,
  reasoning: isText,
  toolCalls: listOf(objectWith({ id: isText, name: isText, arguments: isText })),
})
const isAnswer = objectWith({ choices: listOf(isChoice) })
const isFailure = objectWith({ code: (code) => isText(code) && Object.hasOwn(catalogue, code as string), message: isText })
const isReview = objectWith({ reason: isText, attempts: isWhole, lastResponse: isText, validationErrors: listOf(objectWith({})) })

const columns: { [K in keyof Job]: Column<Job[K]> } = {
  id: plain('id', isText),
  owner: plain('owner', isText),
  status: plain('status', isStatus),
  // the caller's words, and the driver cuts a text at its first NUL: JSON has none
  model: json('model', isText),
  background: flag('background'),
  metadata: json('metadata', objectWith({})),
  view: json('view', objectWith({ ignored: listOf(isText) })),
  choices: plain('choices', isWhole),
  attempts: plain('attempts', isWhole),
  createdAt: plain('created_at', isWhole),
  startedAt: plain('started_at', orNull(isWhole)),
  completedAt: plain('completed_at', orNull(isWhole)),
  expiresAt: plain('expires_at', orNull(isWhole)),
  ttlS: plain('ttl_s', isWhole),
  timeoutS: plain('timeout_s', isWhole),
  lastSeq: plain('last_seq', isWhole),
  answer: json('answer', orNull(isAnswer)),
  error: json('error', orNull(isFailure)),
  review: json('review', orNull(isReview)),
}

const members = Object.keys(columns) as (keyof Job)[]

/** All columns of a record, for a SELECT from `jobs`. */
export const selection = members.map((member) => `jobs.${columns[member].name}`).join(', ')

/** Takes the {@link valuesOf} a record, the format of its request and the bytes that the job takes. */
export const insertion = `INSERT INTO jobs (${members.map((member) => columns[member].name).join(', ')}, format, bytes)
  VALUES (${members.map(() => '?').join(', ')}, ?, ?)`

export function valuesOf(job: Job): Value[] {
  return members.map((member) => valueOf(member, job[member]))
}

/**
 * What an append changes of a job besides the record: number of its last event, whether content is among its events, whether a tool's use
 * is, bytes. Both statements that take these four take the job's number last.
 */
const counted = `last_seq = ?1, delivered = delivered OR ?2, used_tools = used_tools OR ?3, bytes = bytes + ?4`

export const counting = `UPDATE jobs SET ${counted} WHERE n = ?5`

/** What events change; `background` is never taken back, and `last_seq` goes with the events. */
const folded = ['status', 'attempts', 'startedAt', 'completedAt', 'expiresAt', 'answer', 'error', 'review'] as const

/** Takes what {@link counting} takes, then the {@link foldedValues} of a record. The answer's bytes are counted with the job's. */
export const folding = `UPDATE jobs SET ${counted} - coalesce(octet_length(answer), 0) + coalesce(octet_length(?${5 + folded.indexOf('answer')}), 0),
  ${folded.map((member, index) => `${columns[member].name} = ?${5 + index}`).join(', ')},
  background = max(background, ?${5 + folded.length}) WHERE n = ?${6 + folded.length}`

export function foldedValues(job: Job): Value[] {
  return [...folded.map((member) => valueOf(member, job[member])), Number(job.background)]
}

export function valueOf<K extends keyof Job>(member: K, value: Job[K]): Value {
  return columns[member].write(value)
}

/** The record in a row of the {@link selection}. @throws UnreadableRecord */
export function jobOf(row: Row): Job {
  return Object.fromEntries(members.map((member) => [member, read(row, member)])) as unknown as Job
}

function read(row: Row, member: keyof Job): unknown {
  const column = columns[member]
  const { name } = column
  try {
    return column.read(row[name])
  } catch {
    throw new UnreadableRecord(String(row.id), typeof row.owner === 'string' ? row.owner : null, name)
  }
}
