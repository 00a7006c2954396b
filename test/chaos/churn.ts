/**
 * Many requests at once, of which a third leave at a random moment. Afterwards nothing may be left of any of them.
 * `node dist/test/chaos/churn.js 200` prints the tally.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openWorkspaceRoot } from '../../workspace/workspace.js'
import { message, startStandin } from '../standin/index.js'
import { startServer, workspaceProcesses } from './server-process.js'

export interface ChurnTally {
  requests: number
  answered: number
  left: number
  /** what came back was somebody else's answer, an error, or not whole */
  wrong: string[]
  /** milliseconds after the last request until no process and no slot was in use */
  quietAfterMs: number
  processes: number
  folders: number
  slots: number
  queued: number
  /** upstream requests that the server left running */
  upstreamOpen: number
}

const concurrency = 8
const quietWithinMs = 20_000

export async function churn(requests: number): Promise<ChurnTally> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bridge-churn-'))
  const root = openWorkspaceRoot(dataDir)
  const standin = await startStandin({
    fallback: (request) => {
      const marker = /ASK-\d+-/.exec(JSON.stringify(request.body))![0]
      return message([{ type: 'text', deltas: [marker, ' one', ' two', ' three'] }], { pace: { tokenDelayMs: 30 } })
    },
  })
  const server = await startServer({
    ANTHROPIC_BASE_URL: standin.url,
    ANTHROPIC_API_KEY: 'none',
    DATA_DIR: dataDir,
    MAX_CONCURRENT: '4',
    WARM_PROCESSES: '0',
  })
  const tally = { requests, answered: 0, left: 0, wrong: [] as string[] }
  try {
    let next = 0
    const client = async () => {
      while (next < requests) await askOnce(server.url, next++, tally)
    }
    await Promise.all(Array.from({ length: concurrency }, client))
    const end = Date.now()
    const state = async () => {
      const health = (await (await fetch(`${server.url}/health`)).json()) as {
        slots: { in_use: number }
        queue: { queued: number }
      }
      return {
        processes: workspaceProcesses(root).length,
        folders: readdirSync(root).length,
        slots: health.slots.in_use,
        queued: health.queue.queued,
        upstreamOpen: standin.calls.filter((call) => call.endedAt === undefined && !call.closed).length,
      }
    }
    let now = await state()
    while (Object.values(now).some((count) => count > 0) && Date.now() - end < quietWithinMs) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      now = await state()
    }
    return { ...tally, ...now, quietAfterMs: Date.now() - end }
  } finally {
    await server.stop()
    await standin.close()
    rmSync(dataDir, { recursive: true, force: true })
    if (existsSync(root)) rmSync(root, { recursive: true, force: true })
  }
}

/** Every third leaves after up to a second, some before the answer has begun and some in its middle; half of all stream. */
async function askOnce(url: string, index: number, tally: Pick<ChurnTally, 'answered' | 'left' | 'wrong'>): Promise<void> {
  const marker = `ASK-${index}-`
  const stream = index % 2 === 0
  const leaving = new AbortController()
  const timer = index % 3 === 0 ? setTimeout(() => leaving.abort(), Math.random() * 1000) : undefined
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sonnet', stream, messages: [{ role: 'user', content: marker }] }),
      signal: leaving.signal,
    })
    const body = await response.text()
    const text = stream ? joinChunks(body) : (JSON.parse(body) as Completion).choices[0]?.message.content
    if (text === `${marker} one two three` && (!stream || body.endsWith('data: [DONE]\n\n'))) tally.answered += 1
    else tally.wrong.push(`${marker} ${response.status} ${body.slice(0, 300)}`)
  } catch (error) {
    if (leaving.signal.aborted) tally.left += 1
    else tally.wrong.push(`${marker} ${String(error)}`)
  } finally {
    clearTimeout(timer)
  }
}

interface Completion {
  choices: { message: { content: string } }[]
}

interface Chunk {
  choices: { delta: { content?: string } }[]
}

function joinChunks(body: string): string {
  return [...body.matchAll(/^data: (\{.*)$/gm)].map((match) => (JSON.parse(match[1]!) as Chunk).choices?.[0]?.delta.content ?? '').join('')
}

if (process.argv[1] === import.meta.filename) {
  const tally = await churn(Number(process.argv[2] ?? 200))
  console.log(JSON.stringify(tally, null, 2))
  const left = tally.processes + tally.folders + tally.slots + tally.queued + tally.upstreamOpen + tally.wrong.length
  console.log(left === 0 ? 'nothing left' : `${left} findings`)
  process.exitCode = left === 0 ? 0 : 1
}
