/** One run of the executor, watched: its events, its outcome, and what is left of it afterwards. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { baseEnvironment, credentialKind, workspaceMarker } from '../../src/claude/process/environment.js'
import { ClaudeExecutor } from '../../src/claude/executor.js'
import { liveProcessCount } from '../../src/claude/process/process.js'
import type { JobEvent, Usage } from '../../src/jobs/events.js'
import type { Outcome } from '../../src/jobs/executor.js'
import type { ClaudeRequest, Turn } from '../../src/request/conversation.js'
import type { Subscription } from '../../src/claude/subscription.js'
import { until } from '../until.js'
import { freeSeat } from '../jobs/seat.js'

/** A folder that is removed when the test is over. */
export function temporary(t: Test, name = 'process-layer-'): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), name))
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

export interface RunOptions {
  binary: string
  /** default: one that takes the plain-text flag */
  version?: string | null
  /** the environment of the server */
  host?: NodeJS.ProcessEnv
  /** default: the user says `hi` */
  request?: Partial<ClaudeRequest>
  onEvent?(event: JobEvent): void
  /** default: a folder of its own */
  workspaceRoot?: string
  subscription?: Subscription
}

export interface LiveRun {
  outcome: Promise<Outcome>
  events: JobEvent[]
  abort(): void
  /** Resolves with the id of the run's process, once there is one; on a system without /proc with 0, after a while. */
  started(): Promise<number>
  /** ids of the run's living processes; empty where the system has no /proc */
  processes(): number[]
  /** Waits for the end and looks at what is left. */
  end(): Promise<EndedRun>
}

export interface EndedRun {
  /** undefined: none came */
  outcome: Outcome | undefined
  events: JobEvent[]
  /** of the answer; the events' own */
  text: string
  reasoning: string
  usage: Usage | null
  /** processes, folders, entries in the list of living ones: all must be gone */
  left: string[]
  /** milliseconds from the start */
  outcomeAfter: number
  goneAfter: number
}

const plainRequest: ClaudeRequest = {
  kind: 'claude',
  model: 'claude-opus-5-5',
  system: [],
  turns: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
}

/** One turn of the user's. */
export const says = (text: string): Turn => ({ role: 'user', content: [{ type: 'text', text }] })
/** One turn of the model's. */
export const answers = (text: string): Turn => ({ role: 'assistant', content: [{ type: 'text', text }] })

export function startRun(t: Test, options: RunOptions): LiveRun {
  const workspaceRoot = options.workspaceRoot ?? temporary(t)
  const host = options.host ?? { PATH: process.env['PATH'], ANTHROPIC_API_KEY: 'stand-in-no-account-needed' }
  const executor = new ClaudeExecutor({
    binary: () => ({
      path: options.binary,
      version: options.version === undefined ? '2.1.329' : options.version,
      problem: null,
    }),
    credential: credentialKind(host),
    env: baseEnvironment(host),
    workspaceRoot,
    observe: () => {},
    ...(options.subscription && { subscription: options.subscription }),
  })
  const events: JobEvent[] = []
  const controller = new AbortController()
  const from = performance.now()
  let settled = false
  const { outcome, gone } = executor.run({
    jobId: 'job-1',
    owner: 'somebody',
    choice: 0,
    request: { ...plainRequest, ...options.request },
    signal: controller.signal,
    emit: (event) => {
      // the runner drops what comes after the outcome
      if (settled) return
      events.push(event)
      options.onEvent?.(event)
    },
    alive: () => {},
    seat: freeSeat,
  })
  let outcomeAfter = 0
  void outcome.then(() => {
    settled = true
    outcomeAfter = performance.now() - from
  })
  const processes = () => markedProcesses(workspaceRoot)
  return {
    outcome,
    events,
    abort: () => controller.abort(),
    processes,
    async started() {
      for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
        const [pid] = processes()
        if (pid !== undefined) return pid
        await sleep(process.platform === 'linux' ? 10 : 300)
        if (process.platform !== 'linux') break
      }
      return 0
    },
    async end() {
      const late: string[] = []
      const ended = await inTime(outcome, () => late.push('no outcome in 60 s'))
      await inTime(gone, () => late.push('not gone in 60 s'))
      const goneAfter = performance.now() - from
      const alive = await remaining(processes)
      const left = [...late, ...alive.map((pid) => `process ${pid}`), ...readdirSync(workspaceRoot)]
      for (const pid of alive) process.kill(pid, 'SIGKILL')
      const texts = (type: 'text' | 'reasoning') => events.map((event) => (event.type === type ? event.text : '')).join('')
      const usage = events.find((event) => event.type === 'usage')?.usage ?? null
      return {
        outcome: ended,
        events,
        text: texts('text'),
        reasoning: texts('reasoning'),
        usage,
        left,
        outcomeAfter,
        goneAfter,
      }
    },
  }
}

/** No run of this test file is left in the list of living processes. */
export function noneAlive(t: Test): void {
  t.equal(liveProcessCount(), 0, 'no process is left in the list')
}

/** A run that hangs is a finding, and the others are still to be told of. */
async function inTime<T>(promise: Promise<T>, onLate: () => void): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      onLate()
      resolve(undefined)
    }, 60_000)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A process that was killed is gone when the kernel has come round to it. */
async function remaining(processes: () => number[]): Promise<number[]> {
  await until(() => processes().length === 0, 5000)
  return processes()
}

/** Processes with the marker of a workspace below `root` in their environment. */
export function markedProcesses(root: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => readProc(entry, 'environ').includes(`${workspaceMarker}=${root}/`))
    .map(Number)
}

/** A file of a process in /proc; empty where the process or the right to read it is gone. */
export function readProc(pid: number | string, file: 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** Runs `task` on every item, `width` at a time; results in the order of the items. */
export async function inParallel<T, R>(items: readonly T[], width: number, task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await task(items[index]!)
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
  return results
}
