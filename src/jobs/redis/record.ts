/** A job's record as members of a hash: what its creation fixes, what events change, and what scripts look at. */
import { z } from 'zod'
import { catalogue, type ErrorCode } from '../../errors/catalogue.js'
import type { Job } from '../job.js'
import { statuses } from '../status.js'
import { UnreadableRecord } from '../unreadable.js'

const whole = z.number().int()
const json = z.record(z.string(), z.unknown())

/** Never changed after `create`. */
const fixed = z.object({
  model: z.string(),
  metadata: z.record(z.string(), z.string()),
  view: json,
  choices: whole,
  createdAt: whole,
  ttlS: whole,
  timeoutS: z.number(),
})

type Fixed = Pick<Job, keyof z.infer<typeof fixed>>

/** What events change, the answer apart, which may be long. */
const folded = z.object({
  attempts: whole,
  startedAt: whole.nullable(),
  completedAt: whole.nullable(),
  expiresAt: whole.nullable(),
  error: z.looseObject({ code: z.string().refine((code) => Object.hasOwn(catalogue, code)), message: z.string() }).nullable(),
  review: json.nullable(),
})

/** The members that a record is read from. */
export const recordMembers = ['owner', 'status', 'background', 'lastSeq', 'fixed', 'folded', 'answer'] as const

/** All members of a new record but those that scripts see to. */
export function membersOf(job: Job): string[] {
  const { model, metadata, view, choices, createdAt, ttlS, timeoutS } = job
  return [
    'lane',
    view.lane ?? 'process',
    'fixed',
    JSON.stringify({ model, metadata, view, choices, createdAt, ttlS, timeoutS }),
    ...foldedMembers(job),
  ]
}

/** What {@link Job} members events may have changed. */
export function foldedMembers(job: Job): string[] {
  const { status, attempts, startedAt, completedAt, expiresAt, error, review, background } = job
  const answer = job.answer === null ? '' : JSON.stringify(job.answer)
  return [
    ...['status', status, 'background', background ? '1' : '0', 'expiresAt', String(expiresAt ?? '')],
    ...['folded', JSON.stringify({ attempts, startedAt, completedAt, expiresAt, error, review })],
    ...['answer', answer, 'answerBytes', String(Buffer.byteLength(answer))],
  ]
}

/** @param row the values of {@link recordMembers}. Null where there is none. @throws UnreadableRecord */
export function jobOf(id: string, row: readonly (string | null)[]): Job | null {
  const [owner, status, background, lastSeq, fixedPart, foldedPart, answer] = row
  if (owner == null) return null
  const read = <T>(part: string, of: () => T): T => {
    try {
      return of()
    } catch {
      throw new UnreadableRecord(id, owner, part)
    }
  }
  return {
    id,
    owner,
    status: read('status', () => z.enum(statuses).parse(status)),
    background: background === '1',
    lastSeq: read('lastSeq', () => whole.parse(Number(lastSeq))),
    ...read('fixed', () => fixed.parse(JSON.parse(fixedPart!)) as unknown as Fixed),
    ...read('folded', () => foldedOf(foldedPart!)),
    answer: read('answer', () => (answer === '' ? null : (json.parse(JSON.parse(answer!)) as unknown as Job['answer']))),
  }
}

function foldedOf(part: string): Pick<Job, 'attempts' | 'startedAt' | 'completedAt' | 'expiresAt' | 'error' | 'review'> {
  const { error, review, ...rest } = folded.parse(JSON.parse(part))
  return { ...rest, error: error as (Job['error'] & { code: ErrorCode }) | null, review: review as Job['review'] }
}
