/**
 * Answers given twice: an identical request that wants the same answer every time (`temperature: 0`) joins the job of the first one,
 * while it runs and for some time after. Off unless `ANSWER_CACHE_S` says otherwise. What is kept is the job's id alone, in memory.
 */
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import { bodyHash } from '../intake/idempotency.js'

/** Members that say how an answer is taken, and not what it is. */
const delivery = ['stream', 'stream_options', 'background', 'wait_for_completion', 'timeout']
const mostKept = 10_000

export interface CacheableRequest {
  owner: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Record<string, unknown>
}

interface Kept {
  id: string
  /** when the job was made, by `performance.now()` */
  at: number
}

export class AnswerCache {
  /** in the order in which they were remembered; null: the request was refused */
  private readonly kept = new Map<string, Promise<Kept | null>>()

  constructor(private readonly ttlS: number) {}

  clear(): void {
    this.kept.clear()
  }

  /**
   * What names the request's answer; null where it is not to be looked up: the cache is off, the request is not deterministic, or
   * `Cache-Control` says `no-cache` or `no-store` (RFC 9111, 5.2.1).
   */
  async keyOf({ owner, headers, body }: CacheableRequest): Promise<string | null> {
    if (this.ttlS === 0 || body['temperature'] !== 0 || headers['idempotency-key'] !== undefined) return null
    if (/\bno-(cache|store)\b/i.test(String(headers['cache-control'] ?? ''))) return null
    const asked = Object.fromEntries(Object.entries(body).filter(([name]) => !delivery.includes(name)))
    return bodyHash([owner, asked])
  }

  /**
   * The job whose answer is given again, or the one that `submit` makes and that is remembered from this moment on. A job that failed
   * or was cut short is not given again. Rejects as `submit` does.
   */
  async take(key: string, owner: string, jobs: Jobs, submit: () => Promise<Job>): Promise<{ job: Job; hit: boolean }> {
    const entry = this.kept.get(key)
    const kept = (await entry) ?? null
    const known = kept === null ? null : await jobs.get(kept.id, owner)
    if (kept !== null && known !== null && this.gives(known, kept)) return { job: known, hit: true }
    // meanwhile another request may have asked again
    if (this.kept.get(key) !== entry) return this.take(key, owner, jobs, submit)
    const submitted = submit()
    this.remember(
      key,
      // who has asked is told below
      submitted.then(({ id }) => ({ id, at: performance.now() })).catch(() => null),
    )
    return { job: await submitted, hit: false }
  }

  private remember(key: string, entry: Promise<Kept | null>): void {
    this.kept.delete(key)
    if (this.kept.size >= mostKept) this.kept.delete(this.kept.keys().next().value!)
    this.kept.set(key, entry)
  }

  /**
   * The seconds count from the answer on: one that takes long to come is joined all the while. A record's times are the clock's, which
   * may be set meanwhile; how long the job took is none of the clock's business.
   */
  private gives({ status, createdAt, completedAt }: Job, { at }: Kept): boolean {
    if (status === 'completed') return completedAt !== null && performance.now() < at + (completedAt - createdAt) + this.ttlS * 1000
    return status === 'queued' || status === 'in_progress'
  }
}
