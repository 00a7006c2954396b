/** What jobs need of the other servers on the same store. Left out where a server is alone on its own. */
import type { Job } from './job.js'
import type { Progress } from './progress.js'
import { type JobStatus, isFinal } from './status.js'
import type { UnfinishedJob } from './store.js'

/** A job that this server has taken: until another one takes it, its writes alone are stored. */
export interface Claimed extends UnfinishedJob {
  /** the number of the claim, for `Append.fence` */
  fence: number
  /** its end was asked for */
  cancelled: boolean
  /** no server has a client that waits for it */
  clientless: boolean
}

/** What is heard of a job: a new status, events that change none, that it was forgotten, or that something may have been missed. */
export type News = JobStatus | 'pieces' | 'gone' | 'missed'

/** Whether nothing more comes of the job. */
export function endsJob(news: News): boolean {
  if (news === 'pieces' || news === 'missed') return false
  return news === 'gone' || isFinal(news)
}

/** Told of what comes from other servers. */
export interface ReplicaListener {
  /**
   * Runs a job. Resolves when nothing of it is left here, with whether it is to be put into the line again. Calls `begun` when it has, or
   * stands in line for, a place of its lane.
   */
  run(claimed: Claimed, begun: () => void): Promise<boolean>
  /** The end of a job was asked for that may run here. */
  cancel(id: string): void
  /** A lane was counted. @param asOf see `nextInOrder` */
  counted(lane: string, asOf: number): void
  /** What is due now and then, by one of the servers at a time. */
  sweep(): Promise<void>
}

export interface Replicas {
  /** Takes jobs out of the line, from now on. */
  start(listener: ReplicaListener): Promise<void>
  /** Takes no more. Those that it has taken go on. */
  stopTaking(): Promise<void>
  /** A job waits: it is put into the line, where any server takes it. */
  offer(job: Job): Promise<void>
  /** Takes a job past the line; null where it is in none of the statuses. */
  claim(id: string, statuses: readonly Job['status'][]): Promise<Claimed | null>
  /** The job is over here, or waits for a human: its owner may have another one at work. Nothing where a later claim has it. */
  release(job: Job, fence: number): Promise<void>
  /** Calls `wake` when the log of a job may have grown, or it was forgotten. Returns what ends it. */
  follow(id: string, wake: (news: News) => void): () => void
  /** How jobs that run on other servers are getting on, as it was stored last; without those of which nothing is known. */
  progressOf(ids: readonly string[]): Promise<Map<string, Progress>>
  /** How many bytes the stored events of a job carry, whichever server runs it. */
  saidOf(id: string): Promise<number>
  /** Has the server that runs the job end it. */
  askToCancel(id: string): Promise<void>
  /** A client of this server is about to wait for a new job: until it does, the job is not taken for one without. */
  expectClient(id: string): Promise<void>
  /** A client of this server waits for the job, which lives while one does. */
  holdClient(id: string): Promise<void>
  /** It does not any more. Whether it was the last of all servers. */
  letGoClient(id: string): Promise<boolean>
  /** jobs that clients of this server wait for */
  readonly clients: number
  /** Whether no server has a client that waits for the job. */
  isClientless(id: string): Promise<boolean>
  /** jobs in the line of a lane, as they were counted last: half a second ago at most, while Redis is there */
  queued(lane: string): number
  /** Counts all lanes anew. */
  count(): Promise<void>
  /** Counts a lane anew. Resolves with how many are the owner's, in all lanes. */
  countQueued(lane: string, owner: string): Promise<number>
  /** Whether this server is the one to do something now; for `ms` no other is. */
  isTurnOf(work: string, ms: number): Promise<boolean>
  close(): Promise<void>
}
