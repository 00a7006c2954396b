/**
 * What strangers and large requests cost the server: the peak of its memory and the longest silence of its event loop for each example.
 * `node dist/bench/strangers.js [--server <server.js of another version>] [part of an example's name]`. Linux only.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer } from '../test/chaos/server-process.js'
import { until } from '../test/helper.js'
import { type Post, type PostEnd, sendPost } from './post.js'

export interface Example {
  name: string
  /** whether the server has keys */
  keyed: boolean
  /** requests of the example, all at once */
  posts: (Post & { count: number })[]
}

export interface Cost {
  name: string
  /** MiB, the highest resident set of the server */
  peakMb: number
  /** milliseconds, the longest delay of the server's event loop */
  silenceMs: number
  /** milliseconds until the last request had its end */
  tookMs: number
  /** how many requests ended with each status; 0: the connection ended without one */
  statuses: Record<string, number>
}

const key = 'a-key-for-the-measurement'
const chat = '/v1/chat/completions'
const authorization = `authorization: Bearer ${key}`
const piece = 1024 * 1024
const open = '{"model":"sonnet","messages":['
const numbers = { route: chat, open, unit: '0,'.repeat(piece / 2), close: '0]}', pieces: 60 }
const brackets = { route: chat, open, unit: '['.repeat(piece), close: '', pieces: 60 }
const objects = { route: chat, open, unit: '{"a":0},'.repeat(piece / 8), close: '0]}', pieces: 60 }
const image = {
  route: `${chat}/check`,
  open:
    '{"model":"sonnet","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,' +
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ',
  unit: 'A'.repeat(piece),
  close: '"}}]}]}',
  pieces: 60,
}
const unfinished = { ...image, pieces: 59, hangMs: 5000 }

export const examples: Example[] = [
  { name: 'no key: 60 MB of numbers', keyed: true, posts: [{ ...numbers, count: 1 }] },
  { name: 'no key: 60 MB of numbers to an unknown URL', keyed: true, posts: [{ ...numbers, route: '/nowhere', count: 1 }] },
  { name: 'no key: 20 unfinished bodies', keyed: true, posts: [{ ...unfinished, count: 20 }] },
  { name: 'let in: 60 MB of numbers', keyed: false, posts: [{ ...numbers, count: 1 }] },
  { name: 'let in: 60 MB of brackets', keyed: false, posts: [{ ...brackets, count: 1 }] },
  { name: 'let in: 60 MB of small objects', keyed: false, posts: [{ ...objects, count: 1 }] },
  { name: 'let in: an image of 60 MB', keyed: false, posts: [{ ...image, count: 1 }] },
  { name: 'let in: 20 unfinished bodies', keyed: false, posts: [{ ...unfinished, count: 20 }] },
  { name: 'let in: a million chunks of one byte', keyed: false, posts: [{ ...image, pieces: 1, byteChunks: true, count: 1 }] },
  { name: 'keys: 20 times 60 MB of numbers', keyed: true, posts: [{ ...numbers, headers: [authorization], count: 20 }] },
  { name: 'keys: 20 images of 60 MB', keyed: true, posts: [{ ...image, headers: [authorization], count: 20 }] },
]

/** Starts a server for the example, sends it, and ends the server. */
export async function costOf(example: Example, program?: string): Promise<Cost> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-strangers-'))
  const report = path.join(folder, 'silence')
  const server = await startServer(
    {
      HOME: folder,
      DATA_DIR: path.join(folder, 'data'),
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
      ANTHROPIC_API_KEY: 'nobody-is-asked',
      WARM_PROCESSES: '0',
      NODE_OPTIONS: `--import ${pathToFileURL(path.join(import.meta.dirname, 'loop-probe.js')).href}`,
      LOOP_PROBE_FILE: report,
      ...(example.keyed && { API_KEYS: `bench:${key}` }),
    },
    program,
  )
  try {
    const silence = async () => {
      rmSync(report, { force: true })
      process.kill(server.pid, 'SIGWINCH')
      await until(() => readOr(report) !== '', 300_000)
      return Number(readOr(report))
    }
    // what the start cost is none of the example's
    await silence()
    const from = Date.now()
    const { port } = new URL(server.url)
    const ends = await Promise.all(
      example.posts.flatMap(({ count, ...post }) => Array.from({ length: count }, () => sendPost(Number(port), post))),
    )
    const tookMs = Date.now() - from
    await sleep(200)
    const silenceMs = await silence()
    return { name: example.name, peakMb: peakOf(server.pid), silenceMs, tookMs, statuses: countOf(ends) }
  } finally {
    await server.kill()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

function countOf(ends: PostEnd[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of ends) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** MiB, the highest resident set of a process so far. */
function peakOf(pid: number): number {
  return Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(readOr(`/proc/${pid}/status`))?.[1] ?? 0) / 1024)
}

if (process.argv[1] === import.meta.filename) {
  const args = process.argv.slice(2)
  const program = args[0] === '--server' ? args.splice(0, 2)[1] : undefined
  console.log('| example | peak, MiB | longest silence, ms | took, ms | answers |\n|---|---|---|---|---|')
  for (const example of examples.filter(({ name }) => name.includes(args[0] ?? ''))) {
    const { name, peakMb, silenceMs, tookMs, statuses } = await costOf(example, program)
    const answers = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`)
    console.log(`| ${name} | ${peakMb} | ${silenceMs} | ${tookMs} | ${answers.join(', ')} |`)
  }
}
