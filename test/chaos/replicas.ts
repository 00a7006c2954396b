/**
 * Three servers on one Redis behind a balancer. Servers and Redis are killed at random while jobs run, and started again. Then it is looked at
 * whether each job that was acknowledged has ended once, and whether its readers, each on another server than its runner, have a gap or a repeat.
 * `node dist/test/chaos/replicas.js 300` prints the tally.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openBalancer } from '../standin/balancer.js'
import { message } from '../standin/index.js'
import { type Cluster, runnerOf, startCluster } from '../replicas/cluster.js'
import type { Ends } from '../redis.js'
import { killProcess, livingOn } from './server-process.js'
import { type Reading, follow } from './replicas-reader.js'

export interface ReplicasTally {
  jobs: number
  acknowledged: number
  /** requests that were not acknowledged, as the connection broke, by what the client saw */
  refused: Record<string, number>
  ends: Record<string, number>
  kills: { servers: number; redis: number }
  /** events that readers got, and how often they came back for more */
  readers: { events: number; connections: number }
  findings: string[]
}

interface Task {
  status: string
  error: { code: string } | null
  result: { choices: { message: { content: string } }[] } | null
}

interface Known {
  id: string
  marker: string
  background: boolean
  reading: Promise<Reading>
}

const words = Array.from({ length: 20 }, (_, index) => ` w${index}`)
const ended = ['completed', 'failed', 'cancelled', 'incomplete']
const answerTo = (marker: string) => [marker, ...words]
const random = (from: number, to: number) => from + Math.random() * (to - from)
/** Keys of what runs or waits: places in lines and gates, leases, clients, tickets. */
const ofWork =
  /^(jobs:(queued|in_progress)|owner:(queued|in_progress):|lane:|leases:|clients:|gate|queue:.*:(active|wait|prioritized|delayed|.*lock|[0-9a-f-]{30,}))/
/** each asks its jobs one after the other */
const clients = 12

export async function killReplicas(jobs: number, report: (line: string) => void): Promise<ReplicasTally> {
  const endings: (() => Promise<void> | void)[] = []
  const ends: Ends = { teardown: (end) => void endings.unshift(end) }
  try {
    return await run(ends, jobs, report)
  } finally {
    for (const end of endings) await end()
  }
}

async function run(ends: Ends, jobs: number, report: (line: string) => void): Promise<ReplicasTally> {
  const cluster = await startCluster(ends, {
    servers: 3,
    standin: {
      keep: 1,
      fallback: ({ body }) => {
        const marker = /JOB-\d+/.exec(JSON.stringify(body))![0]
        return message([{ type: 'text', deltas: answerTo(marker) }], {
          pace: { firstTokenDelayMs: random(100, 1500), tokenDelayMs: random(5, 150) },
        })
      },
    },
  })
  const urls = cluster.servers.map(({ url }) => url)
  const balancer = await openBalancer(urls, '127.0.0.1', 0)
  ends.teardown(() => balancer.close())
  const tally: ReplicasTally = {
    ...{ jobs, acknowledged: 0, refused: {}, ends: {}, kills: { servers: 0, redis: 0 } },
    ...{ readers: { events: 0, connections: 0 }, findings: [] },
  }
  const known: Known[] = []
  const asking = new AbortController()
  const killing = killAtRandom(cluster, urls, tally, asking.signal)
  let next = 0
  const client = async () => {
    while (next < jobs) {
      await ask(balancer.url, cluster, urls, next++, known, tally)
      if (next % 25 === 0) report(`${next} of ${jobs} asked, ${known.length} acknowledged, killed ${JSON.stringify(tally.kills)}`)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  asking.abort()
  await killing
  tally.acknowledged = known.length
  report('all asked; the last kills are over')
  for (const job of known) await settle(urls, job, tally)
  await lookForLeftovers(cluster, tally)
  return tally
}

/** One in three is asked and streamed as a chat, whose client is tied to one server; the others are tasks that go on without a client. */
async function ask(url: string, cluster: Cluster, urls: string[], number: number, known: Known[], tally: ReplicasTally): Promise<void> {
  const marker = `JOB-${number}`
  const background = number % 3 !== 0
  const body = {
    model: number % 5 === 0 ? 'sonnet' : 'direct',
    messages: [{ role: 'user', content: marker }],
    ...(!background && { stream: true }),
  }
  const route = background ? '/tasks' : '/v1/chat/completions'
  const saw = await fetch(url + route, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => null)
  const id = saw?.headers.get('x-bridge-task-id')
  if (saw === null || !saw.ok || !id) {
    const what = saw === null ? 'broken connection' : `${saw.status} ${await saw.text().catch(() => '')}`.slice(0, 80)
    tally.refused[what] = (tally.refused[what] ?? 0) + 1
    await sleep(500)
    return
  }
  const reading = otherThanRunner(cluster, urls, id).then((first) => follow(urls, first, id))
  known.push({ id, marker, background, reading })
  await saw.text().catch(() => '')
  await reading
}

/** Where its runner is not, as far as that can be told now. */
async function otherThanRunner(cluster: Cluster, urls: string[], id: string): Promise<number> {
  const at = await runnerOf(cluster, id).then(
    ({ url }) => urls.indexOf(url),
    () => Math.floor(random(0, urls.length)),
  )
  return (at + 1) % urls.length
}

async function killAtRandom(cluster: Cluster, urls: string[], tally: ReplicasTally, signal: AbortSignal): Promise<void> {
  for (let round = 1; !signal.aborted; round++) {
    await sleep(random(4000, 9000), undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    if (round % 4 === 0) {
      await cluster.redis.kill()
      tally.kills.redis += 1
      await sleep(random(0, 4000))
      await cluster.redis.start()
      continue
    }
    const at = Math.floor(random(0, urls.length))
    const server = cluster.servers.find(({ url }) => url === urls[at])!
    await server.kill()
    tally.kills.servers += 1
    await sleep(random(0, 3000))
    urls[at] = (await cluster.start()).url
  }
}

async function read(url: string, id: string, waitS: number): Promise<Task | null> {
  const response = await fetch(`${url}/tasks/${id}?wait=${waitS}`)
  if (response.status !== 200 && response.status !== 404) throw new Error(`${response.status} ${await response.text()}`)
  return response.status === 200 ? ((await response.json()) as Task) : null
}

async function settle(urls: string[], job: Known, tally: ReplicasTally): Promise<void> {
  const { id, marker, background } = job
  const find = (what: string) => void tally.findings.push(`${id} ${marker}: ${what}`)
  const deadline = Date.now() + 120_000
  let task = await read(urls[0]!, id, 10)
  while (task !== null && !ended.includes(task.status) && Date.now() < deadline) task = await read(urls[0]!, id, 10)
  if (task === null) return find('lost')
  if (!ended.includes(task.status)) return find(`still ${task.status}`)
  const end = [task.status, task.error?.code].filter(Boolean).join(' ')
  tally.ends[end] = (tally.ends[end] ?? 0) + 1
  // a chat goes with the server of its client
  if (end !== 'completed' && end !== 'failed interrupted' && (background || end !== 'cancelled cancelled')) find(`ended as ${end}`)
  const whole = answerTo(marker).join('')
  if (end === 'completed' && task.result?.choices[0]?.message.content !== whole) find('another answer')
  const { events, connections, text, ends, trouble } = await job.reading
  tally.readers.events += events.length
  tally.readers.connections += connections
  if (trouble !== null) find(trouble)
  if (!events.every((seq, at) => seq === at + 1)) find(`a gap or a repeat: ${events.join(' ')}`)
  if (ends !== 1) find(`${ends} ends`)
  if (end === 'completed' && text !== whole) find(`its reader got ${text}`)
  for (const url of urls) {
    const again = await follow([url], 0, id)
    if (again.events.length !== events.length || again.text !== text) find(`${url} shows other events`)
  }
}

/** Once no job is left: processes and folders of runs, tickets, leases. */
async function lookForLeftovers(cluster: Cluster, tally: ReplicasTally): Promise<void> {
  await sleep(6000)
  for (const root of cluster.workspaceRoots()) {
    const living = await livingOn(root)
    if (living.length > 0) tally.findings.push(`processes of runs are left: ${living.join(' ')}`)
    for (const pid of living) killProcess(pid)
  }
  const left = (await cluster.client.keys('*')).filter((key) => ofWork.test(key.replace('claude-bridge:', '')))
  if (left.length > 0) tally.findings.push(`left in Redis: ${left.join(' ')}`)
}

if (process.argv[1] === import.meta.filename) {
  const tally = await killReplicas(Number(process.argv[2] ?? 300), (line) => console.log(line))
  console.log(JSON.stringify(tally, null, 2))
  console.log(tally.findings.length === 0 ? 'every acknowledged job has ended once' : `${tally.findings.length} findings`)
  process.exitCode = tally.findings.length === 0 ? 0 : 1
}
