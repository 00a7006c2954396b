/**
 * A server that does nothing but write, to be killed: three jobs at a time, each created, appended to, ended, and every
 * fourth forgotten. After each call that the store has acknowledged, a line of JSON (an {@link Acknowledged}) goes to
 * stdout. If the store cannot be opened or used, the last line is a {@link Trouble}.
 */
import { writeSync } from 'node:fs'
import { openSqliteStore } from '../../../src/jobs/sqlite/store.js'
import type { JobStatus } from '../../../src/jobs/status.js'
import type { JobStore } from '../../../src/jobs/store.js'
import { ending, jobWith, logged, put, queued, text } from '../conformance/records.js'

/** What is known of a job; `status` is null once it has been forgotten. */
export interface Acknowledged {
  id: string
  lastSeq: number
  status: JobStatus | null
  /** told before it is forgotten, so from here on it may be gone */
  leaving?: boolean
}

export interface Trouble {
  error: string
  message: string
  /** whether the store could still read what it had */
  readable: boolean
}

/** The text of an event, so that a reader can tell whether it is the right one. */
export const textOf = (id: string, seq: number) => text(`${id} ${seq} ${'x'.repeat(seq * 7)}`)

function say(line: Acknowledged | Trouble): void {
  let rest = `${JSON.stringify(line)}\n`
  while (rest !== '') {
    try {
      rest = rest.slice(writeSync(1, rest))
    } catch (error) {
      // the reader is behind and the pipe does not block
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

async function work(store: JobStore): Promise<void> {
  for (let round = 0; ; round++) {
    const jobs: Acknowledged[] = []
    for (let i = 0; i < 3; i++) {
      const job = jobWith()
      await store.create(job, { prompt: job.id }, queued, { key: job.id, hash: 'h' })
      jobs.push({ id: job.id, lastSeq: 1, status: 'queued' })
      say(jobs.at(-1)!)
    }
    for (let flush = 0; flush < 5; flush++) {
      await store.append(
        jobs.map(({ id, lastSeq: last }) => ({
          id,
          after: last,
          events: logged(last + 1, textOf(id, last + 1), textOf(id, last + 2)),
          record: null,
        })),
      )
      for (const job of jobs) {
        job.lastSeq += 2
        say(job)
      }
    }
    for (const [i, job] of jobs.entries()) {
      await put(store, job.id, ending('completed'))
      say(Object.assign(job, { lastSeq: job.lastSeq + 1, status: 'completed' }))
      if ((round + i) % 4 !== 0) continue
      say({ ...job, leaving: true })
      await store.delete(job.id)
      say({ ...job, status: null })
    }
  }
}

async function main(dataDir: string): Promise<void> {
  let store: JobStore | undefined
  try {
    store = await openSqliteStore({ dataDir })
    await work(store)
  } catch (error) {
    const readable = store === undefined ? false : (await store.list({ limit: 1, order: 'desc' })).jobs.length === 1
    say({ error: (error as Error).name, message: (error as Error).message, readable })
  }
}

if (process.argv[2] !== undefined && import.meta.filename === process.argv[1]) await main(process.argv[2])
