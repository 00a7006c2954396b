/**
 * Kills the server with SIGKILL in the middle of running and queued jobs, again and again, and looks after every restart
 * whether what it had acknowledged is still there. `node dist/test/chaos/kill-9.js 30` prints the tally.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openWorkspaceRoot } from '../../workspace/workspace.js'
import { message, startStandin } from '../standin/index.js'
import { type ServerProcess, livingOn, startServer, workspaceProcesses } from './server-process.js'

export interface Tally {
  rounds: number
  /** jobs the server had said it has */
  acknowledged: number
  completed: number
  interrupted: number
  /** acknowledged and not found again */
  lost: string[]
  /** not ended a minute after the last restart */
  unended: string[]
  /** ended once and otherwise later */
  changed: string[]
  /** complete, but with another text than the model's, or with a gap in the events */
  wrong: string[]
  /** processes of a killed server that lived on after the next start */
  survivors: number
  /** workspaces left when everything was over */
  leftovers: number
}

interface Known {
  id: string
  marker: string
  status: string
}

interface Task {
  status: string
  result: { choices: { message: { content: string } }[] } | null
  error: { code: string } | null
}

const jobsPerRound = 8
const words = Array.from({ length: 12 }, (_, index) => ` w${index}`)

/** What the stand-in says to a job, and so what a complete answer has to be. */
function answerTo(marker: string): string[] {
  return [marker, ...words]
}

export async function killAgainAndAgain(rounds: number, report: (line: string) => void): Promise<Tally> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bridge-kill-9-'))
  const root = openWorkspaceRoot(dataDir)
  const standin = await startStandin({
    fallback: (request) => {
      const marker = /JOB-\d+-\d+/.exec(JSON.stringify(request.body))![0]
      return message([{ type: 'text', deltas: answerTo(marker) }], { pace: { firstTokenDelayMs: 100, tokenDelayMs: 25 } })
    },
  })
  const env = { ANTHROPIC_BASE_URL: standin.url, ANTHROPIC_API_KEY: 'none', DATA_DIR: dataDir, MAX_CONCURRENT: '3', WARM_PROCESSES: '0' }
  const tally: Tally = {
    rounds,
    acknowledged: 0,
    completed: 0,
    interrupted: 0,
    lost: [],
    unended: [],
    changed: [],
    wrong: [],
    survivors: 0,
    leftovers: 0,
  }
  const known: Known[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      const before = workspaceProcesses(root)
      const server = await startServer(env)
      tally.survivors += (await livingOn(root, before)).length
      await check(server, known, tally)
      const asking = ask(server, round, known)
      const afterMs = Math.floor(Math.random() * 2000)
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      const busy = workspaceProcesses(root).length
      await server.kill()
      await asking
      report(`round ${round + 1}: killed after ${afterMs} ms with ${busy} CLI processes; ${known.length} jobs acknowledged so far`)
    }
    const server = await startServer(env)
    await settle(server, known, tally)
    await server.stop()
    tally.acknowledged = known.length
    tally.leftovers = (await livingOn(root)).length
    return tally
  } finally {
    await standin.close()
    rmSync(dataDir, { recursive: true, force: true })
    rmSync(root, { recursive: true, force: true })
  }
}

/** Sends jobs of all three kinds; those the server acknowledges are noted, whatever becomes of the connection. */
async function ask(server: ServerProcess, round: number, known: Known[]): Promise<void> {
  const asked = Array.from({ length: jobsPerRound }, async (_, index) => {
    const marker = `JOB-${round}-${index}`
    const body = JSON.stringify({ model: 'sonnet', stream: index % 4 === 3, messages: [{ role: 'user', content: marker }] })
    const background = index % 4 !== 3
    const route = background ? '/tasks' : '/v1/chat/completions'
    const response = await fetch(server.url + route, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const id = response.headers.get('x-bridge-task-id')
    if (response.ok && id !== null) known.push({ id, marker, status: 'queued' })
    await response.text()
  })
  await Promise.allSettled(asked)
}

async function read(server: ServerProcess, { id }: Known, waitS = 0): Promise<Task | null> {
  const response = await fetch(`${server.url}/tasks/${id}?wait=${waitS}`)
  return response.status === 200 ? ((await response.json()) as Task) : null
}

const ended = ['completed', 'failed', 'cancelled', 'incomplete']

async function check(server: ServerProcess, known: Known[], tally: Tally): Promise<void> {
  for (const job of known) {
    const task = await read(server, job)
    if (task === null) tally.lost.push(job.id)
    else if (ended.includes(job.status) && task.status !== job.status) tally.changed.push(job.id)
    else job.status = task.status
  }
}

/** Waits for every job's end and looks at what it has come to. */
async function settle(server: ServerProcess, known: Known[], tally: Tally): Promise<void> {
  const deadline = Date.now() + 120_000
  for (const job of known) {
    let task = await read(server, job)
    while (task !== null && !ended.includes(task.status) && Date.now() < deadline) task = await read(server, job, 10)
    if (task === null) tally.lost.push(job.id)
    else if (!ended.includes(task.status)) tally.unended.push(job.id)
    else if (task.status === 'completed') {
      tally.completed += 1
      const text = task.result?.choices[0]?.message.content
      if (text !== answerTo(job.marker).join('') || !(await whole(server, job))) tally.wrong.push(job.id)
    } else if (task.error?.code === 'interrupted') tally.interrupted += 1
    else tally.wrong.push(`${job.id} ${task.status} ${task.error?.code}`)
  }
}

/** Whether the events are numbered from 1 without a gap and end with the end. */
async function whole(server: ServerProcess, { id }: Known): Promise<boolean> {
  const text = await (await fetch(`${server.url}/tasks/${id}/events`)).text()
  const numbers = [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]))
  return numbers.every((number, index) => number === index + 1) && /^event: end$/m.test(text)
}

if (process.argv[1] === import.meta.filename) {
  const rounds = Number(process.argv[2] ?? 30)
  const tally = await killAgainAndAgain(rounds, (line) => console.log(line))
  console.log(JSON.stringify(tally, null, 2))
  const bad = tally.lost.length + tally.unended.length + tally.changed.length + tally.wrong.length + tally.survivors + tally.leftovers
  console.log(bad === 0 ? 'nothing lost' : `${bad} findings`)
  process.exitCode = bad === 0 ? 0 : 1
}
