/**
 * Requests of two keys that end in every way, and a server that is killed in the middle of some: what `/usage` says is what the stand-in was
 * asked. `node dist/test/chaos/spending.js 500` prints the tally.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openWorkspaceRoot } from '../../workspace/workspace.js'
import { FrameReader } from '../helper-sse.js'
import { type Reply, cutAfter, hang, httpError, message, startStandin, toolUse } from '../standin/index.js'
import { type ServerProcess, startServer } from './server-process.js'

export interface SpendingTally {
  requests: number
  /** calls of the model's API that were answered with 200 */
  calls: number
  /** tokens of prompts: those that the stand-in has told, and those that `/usage` tells */
  told: number
  counted: number
  /** the same where the server was killed while answers were on their way */
  toldWhenKilled: number
  countedWhenKilled: number
  /** requests that `/usage` tells; those that were killed with the server have not ended */
  ended: number
  seconds: number
}

const usage = { input_tokens: 300, cache_read_input_tokens: 600, cache_creation_input_tokens: 100, output_tokens: 50 }
const promptTokens = 1000
const admin = 'an-admin-key-of-32-characters-00'
const keys = ['key-of-ann', 'key-of-bob']
const client = 6

/** How a request is asked and how its model answers; `many`: the calls of the API that it needs. */
const kinds: Record<string, { body?: object; replies: Reply[]; how?: 'leave' | 'cancel' }> = {
  stop: { replies: [message('fine', { usage })] },
  length: { replies: [message('one two', { usage, stopReason: 'max_tokens' })] },
  calls: {
    body: { tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }] },
    replies: [message(toolUse('mcp__client__look'), { usage })],
  },
  leaves: { replies: [{ ...hang(2, 0, 'one two three'), usage }], how: 'leave' },
  cancelled: { replies: [{ ...hang(2, 0, 'one two three'), usage }], how: 'cancel' },
  cut: { replies: [{ ...cutAfter(1, 'reset', 'one two'), usage }] },
  refused: { replies: [httpError(400)] },
  attempts: {
    body: { validation: [{ type: 'contains', params: { text: 'right' } }], retry_config: { initial_delay: 0 } },
    replies: [message('wrong', { usage }), message('right', { usage })],
  },
}

export async function spendInEveryWay(requests: number): Promise<SpendingTally> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bridge-spending-'))
  let calls = 0
  const asked = new Map<string, number>()
  const standin = await startStandin({
    fallback: (request) => {
      const [marker, kind] = /SPEND-\d+-([a-z]+)/.exec(JSON.stringify(request.body))!
      const times = asked.get(marker) ?? 0
      asked.set(marker, times + 1)
      const { replies } = kinds[kind!]!
      const reply = replies[Math.min(times, replies.length - 1)]!
      // on a busy machine the CLI asks again before the signal that ends it has come, and that answer is not read
      if (reply.kind === 'message' && times < replies.length) calls += 1
      return reply
    },
  })
  const env = {
    ...{ ANTHROPIC_BASE_URL: standin.url, ANTHROPIC_API_KEY: 'none', DATA_DIR: dataDir, MAX_CONCURRENT: '4', WARM_PROCESSES: '1' },
    ...{ API_KEYS: `ann:${keys[0]},bob:${keys[1]}`, ADMIN_KEY: admin },
  }
  const from = performance.now()
  try {
    const first = await startServer(env)
    let begun = 0
    const ask = async () => {
      while (begun < requests) {
        const index = begun++
        await askOne(first, index, Object.keys(kinds)[index % Object.keys(kinds).length]!)
      }
    }
    await Promise.all(Array.from({ length: client }, ask))
    await quiet(first)
    const [told, before] = [calls * promptTokens, await usedOf(first)]
    // four answers are on their way, each with its first words
    await Promise.all(Array.from({ length: 4 }, (_, index) => begin(first, requests + index)))
    await new Promise((resolve) => setTimeout(resolve, 500))
    await first.kill()
    const second = await startServer(env)
    await quiet(second)
    const after = await usedOf(second)
    await second.stop()
    return {
      ...{ requests, calls, told, counted: before.prompt_tokens, ended: before.requests },
      ...{ toldWhenKilled: calls * promptTokens, countedWhenKilled: after.prompt_tokens },
      seconds: Math.round((performance.now() - from) / 1000),
    }
  } finally {
    await standin.close()
    rmSync(openWorkspaceRoot(dataDir), { recursive: true, force: true })
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const headersOf = (index: number) => ({ 'content-type': 'application/json', authorization: `Bearer ${keys[index % keys.length]}` })

function bodyOf(index: number, kind: string, more: object = {}): string {
  const messages = [{ role: 'user', content: `SPEND-${index}-${kind}` }]
  return JSON.stringify({ model: 'claude-opus-4-5', messages, ...kinds[kind]!.body, ...more })
}

async function askOne({ url }: ServerProcess, index: number, kind: string): Promise<void> {
  const headers = headersOf(index)
  const { how } = kinds[kind]!
  if (how === 'cancel') {
    const { id } = (await (await fetch(`${url}/tasks`, { method: 'POST', headers, body: bodyOf(index, kind) })).json()) as { id: string }
    const reader = new FrameReader(await fetch(`${url}/tasks/${id}/events`, { headers }))
    for (let frame = await reader.nextEvent(); frame !== undefined && frame.event !== 'text'; ) frame = await reader.nextEvent()
    await fetch(`${url}/tasks/${id}/cancel`, { method: 'POST', headers, body: '{}' })
    return reader.cancel()
  }
  const body = bodyOf(index, kind, { stream: how === 'leave' })
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })
  if (how !== 'leave') return void (await response.text())
  const reader = new FrameReader(response)
  for (let frame = await reader.next(); frame !== undefined && frame.data?.includes('two') !== true; ) frame = await reader.next()
  await reader.cancel()
}

/** Resolves when the answer has begun; the answer goes on. */
async function begin({ url }: ServerProcess, index: number): Promise<void> {
  const init = { method: 'POST', headers: headersOf(index), body: bodyOf(index, 'leaves', { stream: true }) }
  const reader = new FrameReader(await fetch(`${url}/v1/chat/completions`, init))
  for (let frame = await reader.next(); frame !== undefined && frame.data?.includes('two') !== true; ) frame = await reader.next()
}

async function quiet({ url }: ServerProcess): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const health = (await (await fetch(`${url}/health`, { headers: headersOf(0) })).json()) as { slots: { in_use: number } }
    if (health.slots.in_use === 0) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  // the last ends are being stored
  await new Promise((resolve) => setTimeout(resolve, 500))
}

async function usedOf({ url }: ServerProcess): Promise<{ requests: number; prompt_tokens: number }> {
  const response = await fetch(`${url}/usage`, { headers: { authorization: `Bearer ${admin}` } })
  return ((await response.json()) as { totals: { requests: number; prompt_tokens: number } }).totals
}

if (process.argv[1] === import.meta.filename) {
  const tally = await spendInEveryWay(Number(process.argv[2] ?? '500'))
  console.log(JSON.stringify(tally, null, 2))
  const isRight = tally.told === tally.counted && tally.toldWhenKilled === tally.countedWhenKilled && tally.ended === tally.requests
  console.log(isRight ? `${tally.calls} calls, each counted` : 'what is counted is not what was told')
  process.exitCode = isRight ? 0 : 1
}
