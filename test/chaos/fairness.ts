/**
 * How long a key waits for its answers while other keys flood the server, against how long it waits alone.
 * `node dist/test/chaos/fairness.js 20` asks 20 questions each way and prints both medians.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openWorkspaceRoot } from '../../workspace/workspace.js'
import { message, startStandin } from '../standin/index.js'
import { type ServerProcess, startServer } from './server-process.js'

interface FairnessTally {
  /** milliseconds */
  alone: number
  besideFloods: number
  ratio: number
  /** answers that the flooding keys got meanwhile, and how often they were refused */
  flood: { answers: number; refused: number }
}

const floods = ['ann', 'bob']
/** of each flooding key */
const atOnce = 100
/** of the model for an answer of five words; random, as no two answers take the same time */
const modelMs = () => 1000 + Math.random() * 1000

async function askBesideFloods(questions: number): Promise<FairnessTally> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bridge-fairness-'))
  const standin = await startStandin({
    keep: 1,
    fallback: () => message('one two three four five', { pace: { firstTokenDelayMs: modelMs() } }),
  })
  const env = { ANTHROPIC_BASE_URL: standin.url, ANTHROPIC_API_KEY: 'none', DATA_DIR: dataDir }
  try {
    const server = await startServer({ ...env, API_KEYS: ['carl', ...floods].map((name) => `${name}:key-of-${name}`).join(',') })
    const times = async (): Promise<number[]> => {
      const all: number[] = []
      for (let n = 0; n < questions; n += 1) {
        const from = performance.now()
        if ((await ask(server, 'carl')) !== 200) throw new Error('the third key was refused')
        all.push(performance.now() - from)
      }
      return all
    }
    await times()
    const alone = median(await times())
    const flood = { answers: 0, refused: 0 }
    let going = true
    const client = async (name: string) => {
      while (going) {
        if ((await ask(server, name)) === 200) flood.answers += 1
        else {
          flood.refused += 1
          await new Promise((resolve) => setTimeout(resolve, 1000))
        }
      }
    }
    const clients = floods.flatMap((name) => Array.from({ length: atOnce }, () => client(name)))
    // until the line is full
    await new Promise((resolve) => setTimeout(resolve, 5000))
    const besideFloods = median(await times())
    going = false
    await server.stop()
    await Promise.allSettled(clients)
    return { alone: Math.round(alone), besideFloods: Math.round(besideFloods), ratio: Number((besideFloods / alone).toFixed(2)), flood }
  } finally {
    await standin.close()
    rmSync(openWorkspaceRoot(dataDir), { recursive: true, force: true })
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function ask({ url }: ServerProcess, name: string): Promise<number> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer key-of-${name}` }
  const body = JSON.stringify({ model: 'sonnet', messages: [{ role: 'user', content: `a question of ${name}` }] })
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body }).catch(() => null)
  await response?.text().catch(() => '')
  return response?.status ?? 0
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

if (process.argv[1] === import.meta.filename) {
  const tally = await askBesideFloods(Number(process.argv[2] ?? '20'))
  console.log(JSON.stringify(tally, null, 2))
  console.log(`a third key waits ${tally.ratio} times as long beside two that flood as alone`)
  process.exitCode = tally.ratio <= 1.5 ? 0 : 1
}
