/**
 * How long the store's own long loops hold the event loop of this process: what a server does every minute, and for each webhook. They
 * run in the bench itself, as a server does them when its time has come and not when it is asked.
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fold } from '../src/jobs/fold.js'
import { newJobId } from '../src/jobs/ids.js'
import type { Job } from '../src/jobs/job.js'
import { openSqliteStore } from '../src/jobs/sqlite/store.js'
import type { JobStore } from '../src/jobs/store.js'
import { KeptFiles } from '../workspace/kept-files.js'
import type { Rig } from './rig.js'

/** What `JobStore.prune` has to look at, kept for a webhook that is not off yet. */
const waiting = 2000

export async function measureStoreSilence({ folder, findings }: Rig): Promise<void> {
  const dataDir = path.join(folder, 'silence-store')
  const store = await openSqliteStore({ dataDir })
  const measure = async (id: string, name: string, task: () => Promise<unknown>) => {
    findings.add(`silence_${id}`, `silence: ${name}`, 'ms', await longestDelay(task))
  }
  try {
    const ids = await fill(store, 2000, () => ({}))
    const files = new KeptFiles(path.join(dataDir, 'files'))
    for (const id of ids) mkdirSync(path.join(dataDir, 'files', id), { recursive: true })
    await measure('sweep', 'the files of 2,000 tasks are looked through', () => files.sweep((some) => store.known(some, Date.now())))
    await fill(store, waiting, (index) => ({ webhookUrl: `https://host-${index}.example/` }))
    await measure('due', `webhooks for ${waiting} hosts are looked for`, () => store.webhooks.due(Date.now(), 8, 32))
    await measure('prune', `pruning where ${waiting} tasks wait for their webhooks`, () => store.prune(Date.now() + 7_200_000))
    await fill(store, 2000, () => ({}), 'queued')
    await measure('unfinished', '2,000 tasks that have not ended are read at the start', () => store.unfinished())
  } finally {
    await store.close()
  }
}

/** Ended tasks, or queued ones, each with an answer of `words` words. Returns their ids. */
export async function fill(
  store: JobStore,
  count: number,
  view: (index: number) => object,
  status: 'completed' | 'queued' = 'completed',
  words = 10,
): Promise<string[]> {
  const ids: string[] = []
  const text = 'word '.repeat(words)
  const answer = {
    choices: [{ text, reasoning: '', toolCalls: [], refusal: null, finish: 'stop' as const }],
    usage: null,
    costUsd: null,
    model: null,
    sessionId: null,
  }
  for (let index = 0; index < count; index++) {
    const at = Date.now()
    const job: Job = {
      ...{ id: newJobId(), owner: 'anonymous', status: 'queued', model: 'sonnet', background: true, metadata: {}, choices: 1, attempts: 1 },
      view: { ignored: [], ...view(index) },
      ...{ createdAt: at, startedAt: at, completedAt: null, expiresAt: null, ttlS: 3600, timeoutS: 3600, lastSeq: 1 },
      ...{ answer: null, error: null, review: null },
    }
    await store.create(job, {}, { seq: 1, at, event: { type: 'status', status: 'queued', phase: 'queued' } })
    const end = { seq: 2, at, event: { type: 'end', status: 'completed', error: null } } as const
    if (status === 'completed') await store.append([{ id: job.id, after: 1, events: [end], record: fold(job, [end], answer) }])
    ids.push(job.id)
  }
  return ids
}

async function longestDelay(task: () => Promise<unknown>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  await sleep(100)
  delays.reset()
  await task()
  // the histogram's own timer fires when the loop is free again
  await sleep(50)
  delays.disable()
  return delays.max / 1e6
}
