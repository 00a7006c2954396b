/**
 * Jobs that kill their server whenever the model is asked for them, and innocent jobs beside them: the server is started again after
 * each death, as a supervisor does, until every job has ended.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openWorkspaceRoot } from '../../workspace/workspace.js'
import { message, startStandin } from '../standin/index.js'
import { type ServerProcess, startServer } from './server-process.js'

export interface Scenario {
  /** names of the jobs; the model says a job's name */
  jobs: string[]
  /** Whether the server dies now, as the model is asked for the job `name` while `beside` are being answered. */
  kills(name: string, beside: readonly string[]): boolean
  /** default: SIGKILL; SIGSTOP leaves a silent server to its supervisor */
  signal?: 'SIGKILL' | 'SIGSTOP'
  maxConcurrent: number
  /** how long an answer takes; default: 500 */
  answerMs?: number
}

export interface Ended {
  status: string
  code: string | null
  message: string | null
  text: string | null
}

export interface Story {
  /** starts of the server, the first included */
  starts: number
  /** how often the model was asked for each job */
  asked: Record<string, number>
  ended: Record<string, Ended>
}

const mostStarts = 8
/** within this an answer has come to its job's end, also on a busy machine */
const deliveryMs = 1500
const finals = ['completed', 'failed', 'cancelled', 'incomplete']

export async function untilAllHaveEnded(scenario: Scenario): Promise<Story> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bridge-poison-'))
  const root = openWorkspaceRoot(dataDir)
  const { answerMs = 500 } = scenario
  const busy = new Set<string>()
  const asked: Record<string, number> = Object.fromEntries(scenario.jobs.map((name) => [name, 0]))
  let server: ServerProcess | null = null
  let pid = 0
  let dying = false
  let died!: () => void
  let death = new Promise<void>((resolve) => (died = resolve))
  // The server dies between answers: a job that dies within its own has said something, and ends there rather than run again.
  let lastAnswerAt = -Infinity
  const standin = await startStandin({
    fallback: async (request) => {
      const life = death
      const name = /JOB-\w+/.exec(JSON.stringify(request.body))![0].slice(4)
      asked[name]! += 1
      const beside = [...busy]
      busy.add(name)
      setTimeout(() => busy.delete(name), answerMs + 100)
      if (scenario.kills(name, beside)) {
        dying = true
        while (performance.now() < lastAnswerAt + deliveryMs) await sleep(50)
        killed(pid, scenario.signal ?? 'SIGKILL')
        died()
      }
      await sleep(answerMs)
      if (dying) await life
      else lastAnswerAt = performance.now()
      return message([{ type: 'text', deltas: [name] }])
    },
  })
  const env = {
    ANTHROPIC_BASE_URL: standin.url,
    ANTHROPIC_API_KEY: 'none',
    DATA_DIR: dataDir,
    MAX_CONCURRENT: String(scenario.maxConcurrent),
    WARM_PROCESSES: '0',
  }
  const ids = new Map<string, string>()
  try {
    let starts = 0
    while (starts < mostStarts) {
      starts += 1
      busy.clear()
      dying = false
      death = new Promise<void>((resolve) => (died = resolve))
      // jobs of the server before run before it listens: it may die before, or be silent
      const starting = startServer(env, undefined, (own) => (pid = own)).catch(() => null)
      server = await Promise.race([starting, death.then(() => null)])
      if (server === null) {
        killed(pid, 'SIGKILL')
        await starting
        continue
      }
      const { url } = server
      const story = (async () => {
        for (const name of scenario.jobs) if (!ids.has(name)) ids.set(name, await submit(url, name))
        return allEnded(url, ids)
      })().catch(() => null)
      const ended = await Promise.race([story, death.then(() => null)])
      if (ended !== null) {
        await server.stop()
        return { starts, asked, ended }
      }
      // the supervisor: a server that says nothing is killed as well
      await server.kill()
    }
    throw new Error(`the jobs had not ended after ${mostStarts} starts: ${JSON.stringify(asked)}`)
  } finally {
    await server?.kill()
    await standin.close()
    rmSync(dataDir, { recursive: true, force: true })
    rmSync(root, { recursive: true, force: true })
  }
}

function killed(pid: number, signal: 'SIGKILL' | 'SIGSTOP'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it has gone already
  }
}

async function submit(url: string, name: string): Promise<string> {
  const body = JSON.stringify({ model: 'sonnet', messages: [{ role: 'user', content: `JOB-${name}` }] })
  const response = await fetch(`${url}/tasks`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return ((await response.json()) as { id: string }).id
}

async function allEnded(url: string, ids: ReadonlyMap<string, string>): Promise<Record<string, Ended>> {
  const ended: Record<string, Ended> = {}
  for (const [name, id] of ids) {
    for (;;) {
      const task = (await (await fetch(`${url}/tasks/${id}?wait=10`)).json()) as {
        status: string
        error: { code: string; message: string } | null
        result: { choices: { message: { content: string } }[] } | null
      }
      if (!finals.includes(task.status)) continue
      const { status, error, result } = task
      ended[name] = {
        status,
        code: error?.code ?? null,
        message: error?.message ?? null,
        text: result?.choices[0]?.message.content ?? null,
      }
      break
    }
  }
  return ended
}
