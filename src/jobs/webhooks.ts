/** What is still to be told to a job's `webhook_url`. */
import { isFinal, type JobStatus } from './status.js'

/** Times are milliseconds since the epoch. */
export interface Webhook {
  /** `msg_` and 24 characters; the same at every try */
  id: string
  jobId: string
  /** the status that the job came to */
  status: JobStatus
  url: string
  /** when it came to that */
  at: number
  /** tries that have failed */
  attempts: number
}

/**
 * Rules all stores keep:
 * - The change of a record with a `view.webhookUrl` to a status that {@link isTold} adds one in the same transaction.
 * - Forgetting a job forgets its webhooks, but no job is pruned before they are off, or two days old.
 */
export interface WebhookStore {
  /** Those due by `now`, in turns of the hosts they go to, the longest due of each first; at most `perHost` of a host. */
  due(now: number, perHost: number, limit: number): Promise<Webhook[]>
  /** When the next one is due; null if there is none. */
  nextAt(): Promise<number | null>
  /** Whether this server is the one to send it: until it is postponed or removed, or for `ms`, no other is. */
  claim(id: string, ms: number): Promise<boolean>
  /** One more try has failed. */
  postpone(id: string, dueAt: number): Promise<void>
  /** It is done, or given up. */
  remove(id: string): Promise<void>
}

/** Whether a status is worth a call: the job has ended, or waits for a review. */
export function isTold(status: JobStatus): boolean {
  return isFinal(status) || status === 'requires_action'
}
