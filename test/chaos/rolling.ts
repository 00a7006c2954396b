/**
 * Three servers on one Redis behind a balancer are restarted one after the other while clients ask through the `openai` package. The balancer
 * is told first, as the docs say. `node dist/test/chaos/rolling.js 8` has eight clients and prints the tally: no request may fail whose answer is shorter than `DRAIN_S`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import type { Ends } from '../redis.js'
import { chat, startCluster } from '../replicas/cluster.js'
import { openBalancer } from '../standin/balancer.js'
import { message } from '../standin/index.js'
import { type Reading, follow } from './replicas-reader.js'

export interface RollingTally {
  answers: { streamed: number; blocking: number; longestMs: number }
  /** the model's own words in a whole answer, each */
  failed: string[]
  /** how an answer that takes longer than the drain has ended, and one in the background that had said nothing */
  long: { ended: string; status: string; followedToItsEnd: boolean }
  silent: { status: string; attempts: number; followedToItsEnd: boolean }
}

const drainS = 30
const words = Array.from({ length: 20 }, (_, index) => ` w${index}`)
const whole = words.join('')
const random = (from: number, to: number) => from + Math.random() * (to - from)

/** Milliseconds until the first of 20 words and between two: up to 20 s together; of the long ones more than the drain. */
function paceOf(question: string): { firstTokenDelayMs: number; tokenDelayMs: number } {
  if (question.includes('LONG')) return { firstTokenDelayMs: 500, tokenDelayMs: 3000 }
  if (question.includes('SILENT')) return { firstTokenDelayMs: 45_000, tokenDelayMs: 50 }
  return { firstTokenDelayMs: random(100, 5000), tokenDelayMs: random(0, 750) }
}

export async function restartEach(clients: number, report: (line: string) => void): Promise<RollingTally> {
  const endings: (() => Promise<void> | void)[] = []
  try {
    return await run({ teardown: (end) => void endings.unshift(end) }, clients, report)
  } finally {
    for (const end of endings) await end()
  }
}

async function run(ends: Ends, clients: number, report: (line: string) => void): Promise<RollingTally> {
  const cluster = await startCluster(ends, {
    servers: 3,
    atOnce: 100,
    env: { DRAIN_S: String(drainS) },
    standin: {
      keep: 1,
      fallback: ({ body }) => message([{ type: 'text', deltas: words }], { pace: paceOf(JSON.stringify(body)) }),
    },
  })
  const urls = cluster.servers.map(({ url }) => url)
  const balancer = await openBalancer(urls, '127.0.0.1', 0)
  ends.teardown(() => balancer.close())
  const openai = new OpenAI({ baseURL: `${balancer.url}/v1`, apiKey: 'none' })
  const answers = { streamed: 0, blocking: 0, longestMs: 0 }
  const failed: string[] = []
  let going = true
  const client = async (number: number) => {
    for (let n = 0; going; n++) {
      const from = performance.now()
      // each fourth client's model is the CLI's
      const model = number % 4 === 0 ? 'sonnet' : 'direct'
      const streamed = (n + number) % 2 === 0
      const text = await askOnce(openai, model, `question ${number}.${n}`, streamed).catch((error: unknown) => String(error))
      if (text !== whole) failed.push(`question ${number}.${n} after ${(performance.now() - from).toFixed(0)} ms: ${text}`)
      else answers[streamed ? 'streamed' : 'blocking'] += 1
      answers.longestMs = Math.max(answers.longestMs, Math.round(performance.now() - from))
    }
  }
  const asking = Array.from({ length: clients }, (_, number) => client(number))
  await sleep(3000)
  // of the first server that is restarted
  const [first] = cluster.servers
  const streamed = await cluster.post(first!, '/v1/chat/completions', chat('LONG', { stream: true }))
  const longId = streamed.headers.get('x-bridge-task-id')!
  const silentIds = await Promise.all(
    Array.from(
      { length: 3 },
      async (_, n) => ((await (await cluster.post(first!, '/tasks', chat(`SILENT ${n}`))).json()) as { id: string }).id,
    ),
  )
  await sleep(1000)
  const readings = [longId, ...silentIds].map((id) => follow(urls, 1, id))
  for (const [at, server] of cluster.servers.slice(0, 3).entries()) {
    const others = urls.filter((_, index) => index !== at)
    // the balancer is told, and has some seconds to hear it
    const [own] = urls.splice(at, 1, others[0]!)
    await sleep(2000)
    const from = performance.now()
    const code = await stopIn(server.pid, () => server.alive)
    report(
      `${own} has ended after ${((performance.now() - from) / 1000).toFixed(1)} s ${code}; ${answers.streamed + answers.blocking} answers`,
    )
    urls[at] = (await cluster.start()).url
  }
  going = false
  await Promise.all(asking)
  const said = await streamed.text()
  const [long, ...silent] = (await Promise.all(readings)) as [Reading, ...Reading[]]
  const tasks = await Promise.all(
    [longId, ...silentIds].map(
      async (id) => (await (await fetch(`${balancer.url}/tasks/${id}`)).json()) as { status: string; attempts: number },
    ),
  )
  const worst = tasks.slice(1).find(({ status }) => status !== 'completed') ?? tasks[1]!
  return {
    answers,
    failed,
    long: {
      ended: /"code":"([a-z_]+)"/.exec(said)?.[1] ?? (said.includes('[DONE]') ? 'whole' : 'broken off'),
      status: tasks[0]!.status,
      followedToItsEnd: long.ends === 1 && long.trouble === null,
    },
    silent: {
      ...{ status: worst.status, attempts: Math.max(...tasks.slice(1).map(({ attempts }) => attempts)) },
      followedToItsEnd: silent.every(({ ends, trouble, text }) => ends === 1 && trouble === null && text === whole),
    },
  }
}

async function askOnce(openai: OpenAI, model: string, question: string, streamed: boolean): Promise<string> {
  const messages = [{ role: 'user' as const, content: question }]
  if (!streamed) return (await openai.chat.completions.create({ model, messages })).choices[0]!.message.content ?? ''
  let text = ''
  for await (const chunk of await openai.chat.completions.create({ model, messages, stream: true }))
    text += chunk.choices[0]?.delta.content ?? ''
  return text
}

/** As a supervisor does: SIGTERM, and SIGKILL only some seconds after the drain. @returns how it went */
async function stopIn(pid: number, isAlive: () => boolean): Promise<string> {
  process.kill(pid, 'SIGTERM')
  for (const deadline = performance.now() + (drainS + 10) * 1000; isAlive(); await sleep(50))
    if (performance.now() > deadline) {
      process.kill(pid, 'SIGKILL')
      return 'and was killed'
    }
  return 'by itself'
}

if (process.argv[1] === import.meta.filename) {
  const tally = await restartEach(Number(process.argv[2] ?? 8), (line) => console.log(line))
  console.log(JSON.stringify(tally, null, 2))
  const { failed, long, silent } = tally
  const good = failed.length === 0 && long.followedToItsEnd && silent.followedToItsEnd && silent.status === 'completed'
  console.log(good ? 'no request has failed' : 'requests have failed')
  process.exitCode = good ? 0 : 1
}
