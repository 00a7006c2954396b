/** Directories, writers in their own process, and a look at the bare database, for the tests of the embedded store. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as textIn } from 'node:stream/consumers'
import type { Test } from 'tap'
import { loadDriver, type Row } from '../../../src/jobs/sqlite/driver.js'
import type { JobStore } from '../../../src/jobs/store.js'
import { textOf, type Acknowledged, type Trouble } from './writer.js'

/** A directory that is removed when the test is over. */
export function temporary(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'sqlite-store-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export interface Writer {
  process: ChildProcess
  /** when the process is gone: what it said, whole lines only */
  ended: Promise<{ acknowledged: Acknowledged[]; trouble: Trouble | undefined; stderr: string }>
}

/** Starts a writer; `blocks` bounds the size of each file it writes (`ulimit -f`). */
export function startWriter(t: Test, dataDir: string, blocks: number | 'unlimited' = 'unlimited'): Writer {
  const program = join(import.meta.dirname, 'writer.js')
  const child = spawn('/bin/sh', ['-c', `ulimit -f ${blocks}; exec "$@"`, 'sh', process.execPath, program, dataDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // the test runner's own loaders are none of the writer's business
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = Promise.all([textIn(child.stdout), textIn(child.stderr), once(child, 'exit')]).then(([out, stderr]) => {
    const whole = out
      .slice(0, out.lastIndexOf('\n') + 1)
      .split('\n')
      .slice(0, -1)
    const lines = whole.map((line) => JSON.parse(line) as Acknowledged | Trouble)
    return {
      acknowledged: lines.filter((line) => 'id' in line),
      trouble: lines.find((line) => 'error' in line),
      stderr,
    }
  })
  return { process: child, ended }
}

/** What is not in the store as acknowledged, in words. The last call may have got further than its acknowledgement. */
export async function losses(store: JobStore, acknowledged: Acknowledged[]): Promise<string[]> {
  const lost: string[] = []
  const latest = new Map(acknowledged.map((known) => [known.id, known]))
  for (const { id, lastSeq, status, leaving } of latest.values()) {
    const job = await store.get(id)
    if (job === null) {
      if (status !== null && !leaving) lost.push(`${id} is gone`)
      continue
    }
    if (status === null) lost.push(`${id} is back`)
    if (job.lastSeq < lastSeq) lost.push(`${id} ends at ${job.lastSeq}, not ${lastSeq}`)
    if (status === 'completed' && job.status !== status) lost.push(`${id} is ${job.status}, not ${status}`)
    if (JSON.stringify((await store.request(id))?.request) !== JSON.stringify({ prompt: id })) lost.push(`${id} has no request`)
    const events = await store.events(id, 0, 1000)
    if (events.length !== job.lastSeq) lost.push(`${id} has ${events.length} events, not ${job.lastSeq}`)
    for (const [i, { seq, event }] of events.entries()) {
      if (seq !== i + 1) lost.push(`${id} has ${seq} at ${i + 1}`)
      const { text } = textOf(id, seq)
      if (event.type === 'text' && event.text !== text) lost.push(`${id} ${seq} differs`)
    }
    const ended = events.at(-1)?.event.type === 'end'
    if (ended !== (job.status === 'completed')) lost.push(`${id} is ${job.status} with ${ended ? 'an' : 'no'} end`)
  }
  return lost
}

/** Runs one statement on the database of a store that is closed. */
export async function bare(dataDir: string, sql: string): Promise<Row[]> {
  const open = await loadDriver()
  const db = open(join(dataDir, 'jobs.db'))
  try {
    return db
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  } finally {
    db.close()
  }
}
