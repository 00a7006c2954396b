/** A job's record as a row: each member declared once, and reading, inserting and changing follow from it. */
import type { Job } from '../job.js'
import type { Row, Value } from './driver.js'

interface Column<T> {
  name: string
  write(value: T): Value
  read(stored: Value): T
}

function plain<T extends Value>(name: string): Column<T> {
  return { name, write: (value) => value, read: (stored) => stored as T }
}

function flag(name: string): Column<boolean> {
  return { name, write: Number, read: Boolean }
}

function json<T>(name: string): Column<T> {
  return {
    name,
    write: (value) => (value === null ? null : JSON.stringify(value)),
    read: (stored) => (stored === null ? null : JSON.parse(stored as string)) as T,
  }
}

const columns: { [K in keyof Job]: Column<Job[K]> } = {
  id: plain('id'),
  owner: plain('owner'),
  status: plain('status'),
  // the caller's words, and the driver cuts a text at its first NUL: JSON has none
  model: json('model'),
  background: flag('background'),
  metadata: json('metadata'),
  view: json('view'),
  choices: plain('choices'),
  attempts: plain('attempts'),
  createdAt: plain('created_at'),
  startedAt: plain('started_at'),
  completedAt: plain('completed_at'),
  expiresAt: plain('expires_at'),
  ttlS: plain('ttl_s'),
  timeoutS: plain('timeout_s'),
  lastSeq: plain('last_seq'),
  answer: json('answer'),
  error: json('error'),
  review: json('review'),
}

const members = Object.keys(columns) as (keyof Job)[]

/** All columns of a record, for a SELECT from `jobs`. */
export const selection = members.map((member) => `jobs.${columns[member].name}`).join(', ')

export const insertion = `INSERT INTO jobs (${members.map((member) => columns[member].name).join(', ')})
  VALUES (${members.map(() => '?').join(', ')})`

/** The values that {@link insertion} takes. */
export function valuesOf(job: Job): Value[] {
  return members.map((member) => valueOf(member, job[member]))
}

export function valueOf<K extends keyof Job>(member: K, value: Job[K]): Value {
  return columns[member].write(value)
}

export function columnOf(member: keyof Job): string {
  return columns[member].name
}

/** The record in a row of the {@link selection}. */
export function jobOf(row: Row): Job {
  return Object.fromEntries(members.map((member) => [member, columns[member].read(row[columns[member].name]!)])) as unknown as Job
}
