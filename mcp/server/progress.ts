/**
 * Progress notifications while a call waits for a job: what the job's run says of itself, and a sign of life where it says nothing for long. Clients
 * give a call up after a time without a notification (300 s is common); comments of the stream do not count for them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '../../src/jobs/job.js'
import type { Progress } from '../../src/jobs/progress.js'
import type { ToolContext } from './tool.js'

/** A fast answer has hundreds of events a second; no client shows more notifications than these. */
const pauseMs = 250

/** Waits for the end of a job, for `ms` milliseconds at most, and tells the client meanwhile. Null: the job was deleted. */
export async function waitAndTell(id: string, { jobs, signal, tell, signOfLifeMs }: ToolContext, ms?: number): Promise<Job | null> {
  const over = new AbortController()
  const told = tell === null ? undefined : tellAll(jobs.watch(id, AbortSignal.any([signal, over.signal])), tell, over.signal, signOfLifeMs)
  try {
    return await jobs.wait(id, signal, ms)
  } finally {
    over.abort()
    await told
  }
}

async function tellAll(
  states: AsyncGenerator<{ seq: number; progress: Progress }>,
  tell: NonNullable<ToolContext['tell']>,
  over: AbortSignal,
  signOfLifeMs: number,
): Promise<void> {
  let last = { seq: 0, message: 'waiting' }
  let repeats = 0
  const silence = setInterval(() => {
    repeats += 1
    // it has to grow, and stays below the number of the next event
    tell(last.seq + repeats / (repeats + 1), last.message).catch(() => undefined)
  }, signOfLifeMs)
  try {
    for await (const { seq, progress } of states) {
      last = { seq, message: words(progress) }
      repeats = 0
      silence.refresh()
      await tell(seq, last.message)
      await sleep(pauseMs, undefined, { signal: over })
    }
  } catch {
    // the wait is over, or the client cannot be told any more; the answer does not depend on it
  } finally {
    clearInterval(silence)
  }
}

export function words({ phase, characters, tool }: Progress): string {
  switch (phase) {
    case 'queued':
      return 'queued'
    case 'starting':
      return 'starting'
    case 'waiting':
      return 'waiting for the model'
    case 'thinking':
      return 'thinking'
    case 'answering':
      return `answering: ${characters} characters so far`
    case 'using_tool':
      return tool === null ? 'using a tool' : `using the tool ${tool}`
  }
}
