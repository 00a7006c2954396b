/**
 * Kills CLI processes at random - ready, parked, starting, in the middle of an answer - while conversations go on over HTTP. What had not
 * begun is answered all the same; what had begun fails and says so. `node dist/test/chaos/pool-kill.js 150 [seed]` prints the tally.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openWorkspaceRoot } from '../../workspace/workspace.js'
import { startStandin } from '../standin/index.js'
import { type Profile, type Said, answerTo, ask, profiles, replyTo, seeded } from './conversations.js'
import { PoolWatch } from './pool-watch.js'
import { foldersIn, killProcess, livingOn, startServer, workspaceProcesses } from './server-process.js'

export interface KillTally {
  requests: number
  killed: number
  answered: number
  /** told as a failure of the CLI, with a part of the answer on record */
  brokenOff: number
  /** failed although nothing had been delivered */
  failedUnbegun: string[]
  /** another text than the question's, a part told as the whole, an error without its code, a broken connection */
  wrong: string[]
  overBound: string[]
  /** of /health, after all that */
  status: string
  slots: number
  /** after the server's end */
  processesLeft: number
  foldersLeft: number
}

const clients = 4
const turnsEach = 5
const sizes = { perProfile: 1, total: 2, parked: 3 }
const program = path.join(import.meta.dirname, 'pool-server.js')

export async function killWhileAsking(requests: number, seed: number): Promise<KillTally> {
  const random = seeded(seed)
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bridge-pool-kill-'))
  const root = openWorkspaceRoot(dataDir)
  const standin = await startStandin({ fallback: ({ body }) => replyTo(body, 60) })
  const server = await startServer(
    {
      ANTHROPIC_BASE_URL: standin.url,
      ANTHROPIC_API_KEY: 'none',
      DATA_DIR: dataDir,
      MAX_CONCURRENT: '3',
      WARM_PROCESSES: '1',
      WARM_SIZES: JSON.stringify(sizes),
    },
    program,
  )
  const tally = { requests, killed: 0, answered: 0, brokenOff: 0, failedUnbegun: [] as string[], wrong: [] as string[] }
  const watch = new PoolWatch(server.url, root)
  const unbegun = new Set<Promise<void>>()
  let begun = 0
  let over = false

  /** One client: conversations of a few turns, each on its own, all over two profiles. */
  const client = async (number: number) => {
    for (let round = 0; begun < requests; round++) {
      const profile = profiles[(number + round) % 2]!
      let history: Said[] = [{ role: 'user', content: `Client ${number} round ${round}` }]
      for (let turn = 0; turn < turnsEach && begun < requests; turn++) {
        begun += 1
        const text = await turnOf(profile, history)
        history =
          text === null ? [...history] : [...history, { role: 'assistant', content: text }, { role: 'user', content: `Turn ${turn}` }]
      }
    }
  }

  /** @returns the answer; null where there is none and the same may be asked again */
  const turnOf = async (profile: Profile, messages: Said[]): Promise<string | null> => {
    let onBegun!: () => void
    const waiting = new Promise<void>((resolve) => (onBegun = resolve))
    unbegun.add(waiting)
    const expected = answerTo(profile.model, messages).join('')
    try {
      const answer = await ask({ url: server.url, body: { ...profile, messages }, stream: random() < 0.6, onBegun })
      const { status, task, text, error, whole } = answer
      if (status === 200 && error === null && whole && text === expected) {
        tally.answered += 1
        return text
      }
      if (error !== 'cli_failed' || !expected.startsWith(text) || whole) tally.wrong.push(`${JSON.stringify(answer)}, not ${expected}`)
      else if (await hasContent(server.url, task)) tally.brokenOff += 1
      else tally.failedUnbegun.push(JSON.stringify(answer))
    } catch (error) {
      tally.wrong.push(String(error))
    } finally {
      onBegun()
      unbegun.delete(waiting)
    }
    return null
  }

  /**
   * A run may lose two processes and is made on a third. So after two kills everything that waits gets the time to begin: nobody can
   * be hit three times before.
   */
  const killer = async () => {
    while (!over) {
      for (let kills = 0; kills < 2; kills++) {
        const pids = workspaceProcesses(root)
        if (pids.length > 0 && killProcess(pids[Math.floor(random() * pids.length)]!)) tally.killed += 1
        await sleep(random() * 300)
      }
      await sleep(300)
      await Promise.all(unbegun)
    }
  }

  try {
    watch.start()
    const killing = killer()
    await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
    over = true
    await killing
    const deadline = Date.now() + 30_000
    let health = await watch.health()
    while (health.slots.in_use > 0 && Date.now() < deadline) {
      await sleep(50)
      health = await watch.health()
    }
    const { overBound } = await watch.stop()
    await server.stop()
    return {
      ...{ ...tally, overBound, status: health.status, slots: health.slots.in_use },
      processesLeft: (await livingOn(root)).length,
      foldersLeft: foldersIn(root),
    }
  } finally {
    over = true
    await watch.stop()
    await server.kill()
    await standin.close()
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Whether a part of an answer is on the task's record. */
async function hasContent(url: string, task: string | null): Promise<boolean> {
  if (task === null) return false
  return /^event: text$/m.test(await (await fetch(`${url}/tasks/${task}/events`)).text())
}

if (process.argv[1] === import.meta.filename) {
  const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
  console.log(`seed ${seed}`)
  const tally = await killWhileAsking(Number(process.argv[2] ?? 150), seed)
  console.log(JSON.stringify(tally, null, 2))
  const { wrong, failedUnbegun, overBound, slots, processesLeft, foldersLeft } = tally
  const found = wrong.length + failedUnbegun.length + overBound.length + slots + processesLeft + foldersLeft
  console.log(found === 0 ? 'nobody was told anything wrong' : `${found} findings`)
  process.exitCode = found === 0 ? 0 : 1
}
