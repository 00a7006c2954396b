/** Jobs through Redis beside jobs in the database of one server: how many a second, and how late a piece of an answer is with its reader. */
import { EventEmitter, once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRedisThere, startRedis } from '../test/redis.js'
import { askBlocking, post } from './ask.js'
import type { Bridge } from './bridge.js'
import { atOnce } from './crowd.js'
import type { Rig } from './rig.js'

const pieceMs = 20
const pieces = 40
const slow = { model: 'bench/slow', messages: [{ role: 'user', content: 'A question' }] }
/** Each piece says when it was sent, in milliseconds since the epoch. */
const stamp = () => `${(performance.timeOrigin + performance.now()).toFixed(3)} `

export async function measureStores(rig: Rig): Promise<void> {
  if (!isRedisThere()) {
    rig.findings.notes.push('stores: left out, there is no redis-server on this machine')
    return
  }
  const endings: (() => Promise<void> | void)[] = []
  try {
    const redis = await startRedis({ teardown: (end) => void endings.unshift(end) })
    const provider = await openProvider()
    endings.unshift(provider.close)
    const own = { WARM_PROCESSES: '0', UPSTREAMS: JSON.stringify({ bench: { base_url: provider.url, models: '*' } }) }
    const sqlite = await rig.start('sqlite', own)
    const onRedis = { ...own, STORE_URL: redis.url }
    const first = await rig.start('redis', onRedis)
    await measureRates(rig, { sqlite, redis: first })
    // with another server on it, half of the jobs would run there
    const second = await rig.start('redis-2', { ...onRedis, MAX_CONCURRENT: '1' })
    await measureDelays(rig, sqlite, [first, second])
    rig.findings.add(
      'store_sqlite_cancel',
      'from a cancel to the end of the call of the model: SQLite',
      'ms',
      await cancels(rig, sqlite, provider),
    )
    const shared = 'the same: Redis, half of them at another server than the runner'
    rig.findings.add('store_redis_cancel', shared, 'ms', await cancels(rig, first, provider))
    for (const bridge of [sqlite, first, second]) await rig.end(bridge)
  } finally {
    for (const end of endings) await end()
  }
}

async function measureRates(rig: Rig, bridges: { sqlite: Bridge; redis: Bridge }): Promise<void> {
  const rates = { sqlite: [] as number[], redis: [] as number[] }
  for (let round = -1; round < (rig.quick ? 3 : 8); round++) {
    for (const [name, { url }] of Object.entries(bridges) as ['sqlite' | 'redis', Bridge][]) {
      const jobs = 100
      let asked = 0
      const from = performance.now()
      const client = async () => {
        while (asked++ < jobs) await askBlocking(url, [{ role: 'user', content: 'A question' }], { model: 'bench/at-once' })
      }
      await Promise.all(Array.from({ length: atOnce }, client))
      // the first round warms up
      if (round >= 0) rates[name].push((jobs / (performance.now() - from)) * 1000)
    }
  }
  rig.findings.add('store_sqlite_rate', `jobs ${atOnce} at once, the model answers at once: SQLite`, '1/s', rates.sqlite)
  rig.findings.add('store_redis_rate', 'the same: Redis, synced at every write', '1/s', rates.redis)
}

async function measureDelays(rig: Rig, sqlite: Bridge, [own, other]: [Bridge, Bridge]): Promise<void> {
  const rows = { sqlite: [] as number[], own: [] as number[], other: [] as number[] }
  for (let round = 0; round < (rig.quick ? 2 : 6); round++) {
    rows.sqlite.push(...(await delays(sqlite, [sqlite]))[0]!)
    const [a, b] = await delays(own, [own, other])
    // who runs it is not known: of two readers one is with the runner, and its pieces are with it sooner
    const sum = (list: number[]) => list.reduce((total, ms) => total + ms, 0) / list.length
    const [near, far] = sum(a!) < sum(b!) ? [a!, b!] : [b!, a!]
    rows.own.push(...near)
    rows.other.push(...far)
  }
  rig.findings.add('store_sqlite_event', 'a piece is with a reader of /tasks/:id/events after: SQLite', 'ms', rows.sqlite)
  rig.findings.add('store_redis_event_own', 'the same: Redis, reader at the server that runs the job', 'ms', rows.own)
  rig.findings.add('store_redis_event_other', 'the same: Redis, reader at another server', 'ms', rows.other)
}

/** Of each reader, how late each event with text was, by its last piece. Milliseconds. */
async function delays(asked: Bridge, readers: readonly Bridge[]): Promise<number[][]> {
  const task = (await (
    await post(`${asked.url}/tasks`, { model: 'bench/slow', messages: [{ role: 'user', content: 'A question' }] })
  ).json()) as {
    id: string
  }
  return Promise.all(readers.map(({ url }) => read(`${url}/tasks/${task.id}/events`)))
}

async function read(url: string): Promise<number[]> {
  const late: number[] = []
  let rest = ''
  const response = await fetch(url)
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const now = performance.timeOrigin + performance.now()
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const sent = /^data: .*"type":"text".* ?"text":"(?:.* )?(\d+\.\d+) "/.exec(line)?.[1]
      if (sent !== undefined) late.push(now - Number(sent))
    }
  }
  return late
}

/** Milliseconds, of each. */
async function cancels(rig: Rig, { url }: Bridge, provider: Provider): Promise<number[]> {
  const times: number[] = []
  for (let job = 0; job < (rig.quick ? 6 : 20); job++) {
    const ended = provider.nextEnd()
    const { id } = (await (await post(`${url}/tasks`, slow)).json()) as { id: string }
    await sleep(200)
    const from = performance.now()
    const cancelled = post(`${url}/tasks/${id}/cancel`, {})
    await ended
    times.push(performance.now() - from)
    await cancelled
  }
  return times
}

interface Provider {
  url: string
  /** Resolves when the next call ends. */
  nextEnd: () => Promise<void>
  close: () => void
}

/** Streams stamped pieces: of the model `at-once` two in one step, of any other one every {@link pieceMs}. */
async function openProvider(): Promise<Provider> {
  const ends = new EventEmitter()
  const server = createServer((request, response) => {
    response.once('close', () => ends.emit('end'))
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => void answer(response, body.includes('at-once') ? 0 : pieceMs))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    nextEnd: async () => void (await once(ends, 'end')),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function answer(response: ServerResponse, everyMs: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (let piece = 0; piece < (everyMs === 0 ? 2 : pieces); piece++) {
    if (everyMs > 0) await sleep(everyMs)
    response.write(frame({ delta: { content: stamp() } }))
  }
  response.end(`${frame({ delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`)
}

function frame(choice: object): string {
  return `data: ${JSON.stringify({ model: 'm', choices: [{ index: 0, ...choice }] })}\n\n`
}
