/** `node dist/test/replicas/sizes.js`: what finished tasks take in Redis, as servers store them. Prints the table of docs/replicas.md. */
import t from 'tap'
import { message } from '../standin/index.js'
import { chat, startCluster } from './cluster.js'

interface Case {
  name: string
  tokens: number
  promptBytes: number
  tasks: number
}

const cases: Case[] = [
  { name: 'short: 50 tokens, prompt of 200 bytes', tokens: 50, promptBytes: 200, tasks: 120 },
  { name: 'middle: 500 tokens, prompt of 4 KB', tokens: 500, promptBytes: 4096, tasks: 36 },
  { name: 'long: 4,000 tokens, prompt of 100 KB', tokens: 4000, promptBytes: 102_400, tasks: 12 },
]
/** tokens a second of each answer: some 66, so that nearly each is an event of its own */
const tokenDelayMs = 15
const atOnce = 12
const word = ' word'

// what starts a cluster ends it with a test
t.setTimeout(0)
let tokens = 0
const cluster = await startCluster(t, {
  servers: 3,
  atOnce,
  standin: { fallback: () => message([{ type: 'text', deltas: Array.from({ length: tokens }, () => word) }], { pace: { tokenDelayMs } }) },
})
// what is there once, whatever the number of tasks, is there before the first is counted
tokens = 5
for (let index = 0; index < atOnce; index++) await finished(10)
console.log('| task | memory | of that request, log, record | append-only file | events |\n|---|---|---|---|---|')
for (const one of cases) console.log(await measured(one))

async function measured({ name, tokens: said, promptBytes, tasks }: Case): Promise<string> {
  tokens = said
  const before = await sizes()
  const ids: string[] = []
  let left = tasks
  const work = async () => {
    while (left-- > 0) ids.push(await finished(promptBytes))
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const after = await sizes()
  const [id] = ids
  const of = async (key: string) => kilobytes((await cluster.client.memory('USAGE', `claude-bridge:${key}:${id}`, 'SAMPLES', 0)) ?? 0)
  const parts = `${await of('request')}, ${await of('log')}, ${await of('job')}`
  const events = await cluster.client.xlen(`claude-bridge:log:${id}`)
  return `| ${name} | ${kilobytes((after.memory - before.memory) / tasks)} | ${parts} | ${kilobytes((after.file - before.file) / tasks)} | ${events} |`
}

/** The id of a task that has come to its end. */
async function finished(promptBytes: number): Promise<string> {
  const [server, other] = cluster.servers
  const created = await cluster.post(server!, '/tasks', chat('x'.repeat(promptBytes)))
  const { id } = (await created.json()) as { id: string }
  for (;;) {
    const task = (await (await cluster.get(other!, `/tasks/${id}?wait=60`)).json()) as { status: string }
    if (task.status === 'completed') return id
    if (!['queued', 'in_progress'].includes(task.status)) throw new Error(`${id} is ${task.status}`)
  }
}

async function sizes(): Promise<{ memory: number; file: number }> {
  const info = await cluster.client.info()
  const number = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1])
  return { memory: number('used_memory'), file: number('aof_current_size') }
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`
}
