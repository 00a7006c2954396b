/** What an earlier server left in a store that this server has alone. */
import type { Job } from './job.js'
import { LiveJob } from './live-job.js'
import { recover } from './recovery.js'
import type { Runner } from './runner.js'
import type { PriceOf } from './spending.js'
import type { JobStore } from './store.js'
import type { Tracing } from './trace.js'

export interface TakeUpParts {
  store: JobStore
  live: Map<string, LiveJob>
  runner: Runner
  priceOf: PriceOf | undefined
  tracing: Tracing | undefined
  /** Takes a queued job into memory. */
  hold: (job: Job) => LiveJob
  /** nothing is started any more */
  isClosing: () => boolean
  onTrouble: (message: string, error?: unknown, jobId?: string) => void
  /** told of each job that ends here, with its last record */
  onEnded: (job: Job) => void
}

/** Queues what can run and holds what waits for a human. Resolves with how many jobs there were of each kind; suspects run on. */
export async function takeUp(parts: TakeUpParts): Promise<{ queued: number; rerun: number; interrupted: number }> {
  const { store, live, runner, priceOf, tracing, hold, onTrouble, onEnded } = parts
  const { inOrder } = await store.begin()
  const onSetAside = (message: string, id: string) => onTrouble(message, undefined, id)
  const { resumed, paused, counts } = await recover(store, inOrder, { onSetAside, onEnded })
  const suspects = resumed.filter(({ suspect }) => suspect).map(({ job }) => hold(job))
  for (const each of suspects) each.suspect = true
  // the first of them before the others: the sooner it is known who kills
  oneByOne(suspects, parts).catch((error: unknown) => onTrouble('suspects could not be run', error))
  for (const { job, suspect } of resumed) if (!suspect) runner.enqueue(hold(job))
  for (const job of paused) live.set(job.id, LiveJob.paused(job, priceOf, tracing))
  return counts
}

/** Runs each when nothing of the one before is left. */
async function oneByOne(suspects: readonly LiveJob[], { runner, isClosing }: TakeUpParts): Promise<void> {
  for (const live of suspects) {
    if (isClosing()) return
    if (live.ending !== null || live.cause !== null) continue
    runner.enqueue(live)
    await live.whenOver()
    await Promise.all(live.gone)
  }
}
