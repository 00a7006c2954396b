/**
 * Many requests of many conversations over few processes, in random order, of which some leave at a random moment. Every answer has to
 * be the one to its own history. `node dist/test/chaos/pool.js 300 [seed]` prints the tally.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openWorkspaceRoot } from '../../workspace/workspace.js'
import { startStandin } from '../standin/index.js'
import { type Profile, type Said, answerTo, ask, profiles, replyTo, seeded } from './conversations.js'
import { PoolWatch, type Watched, cliProcesses } from './pool-watch.js'
import { livingOn, startServer } from './server-process.js'

export interface PoolTally extends Watched {
  requests: number
  answered: number
  left: number
  /** answers that are not the one to their question, or not whole, or errors */
  wrong: string[]
  /** how often a process went on with its conversation */
  wentOn: number
  /** what there may be beside processes at work, and what there was in the end */
  idleBound: number
  idle: number
  slots: number
  /** after the server's end */
  processesLeft: number
}

interface Conversation {
  name: string
  profile: Profile
  history: Said[]
  turns: number
  busy: boolean
}

const clients = 5
const maxConcurrent = 3
const sizes = { perProfile: 1, total: 2, parked: 3 }
const program = path.join(import.meta.dirname, 'pool-server.js')

export async function poolChurn(requests: number, seed: number): Promise<PoolTally> {
  const random = seeded(seed)
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bridge-pool-'))
  const root = openWorkspaceRoot(dataDir)
  const standin = await startStandin({ fallback: ({ body }) => replyTo(body, 15) })
  const server = await startServer(
    {
      ANTHROPIC_BASE_URL: standin.url,
      ANTHROPIC_API_KEY: 'none',
      DATA_DIR: dataDir,
      MAX_CONCURRENT: String(maxConcurrent),
      WARM_PROCESSES: '1',
      WARM_SIZES: JSON.stringify(sizes),
    },
    program,
  )
  const tally = { requests, answered: 0, left: 0, wrong: [] as string[] }
  const watch = new PoolWatch(server.url, root)
  try {
    watch.start()
    const all = profiles.flatMap((profile) =>
      [1, 2, 3].map((number): Conversation => {
        // two of them are told apart by what was said alone
        const history = number < 3 ? [] : [{ role: 'system', content: 'System prompt' }]
        return { name: `Conversation ${number}`, profile, history, turns: 0, busy: false }
      }),
    )
    let begun = 0
    const client = async () => {
      let last: Conversation | undefined
      while (begun < requests) {
        begun += 1
        const free = all.filter((conversation) => !conversation.busy)
        // now and then the one just had, as a person would
        if (last === undefined || last.busy || random() < 0.5) last = free[Math.floor(random() * free.length)]!
        await takeTurn(last, server.url, random, tally)
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
    const idleBound = sizes.total + sizes.parked
    const deadline = Date.now() + 30_000
    let health = await watch.health()
    let idle = cliProcesses(root).length
    while ((health.slots.in_use > 0 || idle > idleBound || health.warm_pool.starting > 0) && Date.now() < deadline) {
      await sleep(50)
      health = await watch.health()
      idle = cliProcesses(root).length
    }
    const watched = await watch.stop()
    await server.stop()
    const sessions = new Set(standin.calls.map((call) => call.headers['x-claude-code-session-id']))
    return {
      ...{ ...tally, ...watched, wentOn: standin.calls.length - sessions.size, idleBound, idle },
      slots: health.slots.in_use,
      processesLeft: (await livingOn(root)).length,
    }
  } finally {
    await watch.stop()
    await server.kill()
    await standin.close()
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The next turn; now and then a former one again, edited. A fifth leave before they have everything. */
async function takeTurn(
  conversation: Conversation,
  url: string,
  random: () => number,
  tally: Pick<PoolTally, 'answered' | 'left' | 'wrong'>,
): Promise<void> {
  conversation.busy = true
  const { profile } = conversation
  if (random() < 0.1 && conversation.history.length > 2) conversation.history.splice(-2)
  const question = { role: 'user', content: `${conversation.name}, question ${++conversation.turns}` }
  const asked = [...conversation.history, question]
  const expected = answerTo(profile.model, asked).join('')
  const leaving = new AbortController()
  const timer = random() < 0.2 ? setTimeout(() => leaving.abort(), random() * 800) : undefined
  const of = `${JSON.stringify(profile)} turn ${conversation.turns}`
  try {
    const body = { ...profile, messages: asked }
    const answer = await ask({ url, body, stream: random() < 0.5, signal: leaving.signal })
    if (answer.status === 200 && answer.error === null && answer.whole && answer.text === expected) {
      tally.answered += 1
      conversation.history = [...asked, { role: 'assistant', content: answer.text }]
    } else tally.wrong.push(`${of}: ${JSON.stringify(answer)} instead of ${expected}`)
  } catch (error) {
    if (leaving.signal.aborted) tally.left += 1
    else tally.wrong.push(`${of}: ${String(error)}`)
  } finally {
    clearTimeout(timer)
    conversation.busy = false
  }
}

if (process.argv[1] === import.meta.filename) {
  const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
  console.log(`seed ${seed}`)
  const tally = await poolChurn(Number(process.argv[2] ?? 300), seed)
  console.log(JSON.stringify(tally, null, 2))
  const { wrong, overBound, disagreed, slots, processesLeft, idle, idleBound } = tally
  const found = wrong.length + overBound.length + disagreed.length + slots + processesLeft + Math.max(0, idle - idleBound)
  console.log(found === 0 ? 'every answer was its own' : `${found} findings`)
  process.exitCode = found === 0 ? 0 : 1
}
