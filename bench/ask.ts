/** One question over HTTP, timed from before the request to the first piece of text and to the end. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Timed {
  /** milliseconds to the first piece of text; NaN where the answer came as a whole */
  firstMs: number
  totalMs: number
  text: string
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** The model that every row asks. */
export const model = 'sonnet'
export const systemPrompt = 'You are a helpful assistant.'

const patienceMs = 30_000

/** Straight to the stand-in. @param body as the CLI sends it */
export function askUpstream(url: string, body: object): Promise<Timed> {
  const pick = (data: unknown) => (data as { delta?: { text?: string } }).delta?.text ?? ''
  return readStream(`${url}/v1/messages`, body, pick)
}

interface Chunk {
  choices?: { delta: { content?: string } }[]
}

/** Through the bridge, as a stream. @param more members of the request */
export function askStreaming(url: string, messages: readonly ChatMessage[], more: object = {}): Promise<Timed> {
  const pick = (data: unknown) => (data as Chunk).choices?.[0]?.delta.content ?? ''
  return readStream(`${url}/v1/chat/completions`, { model, stream: true, messages, ...more }, pick)
}

/** Through the bridge, awaited. @param more members of the request */
export async function askBlocking(url: string, messages: readonly ChatMessage[], more: object = {}): Promise<Timed> {
  const from = performance.now()
  const response = await post(`${url}/v1/chat/completions`, { model, messages, ...more })
  const body = (await response.json()) as { choices: { message: { content: string } }[] }
  return { firstMs: NaN, totalMs: performance.now() - from, text: body.choices[0]!.message.content }
}

/** @throws Error with the body where the answer is none */
export async function post(url: string, body: object): Promise<Response> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': 'none' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(patienceMs),
  })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${(await response.text()).slice(0, 300)}`)
  return response
}

async function readStream(url: string, body: object, pick: (data: unknown) => string): Promise<Timed> {
  const from = performance.now()
  const response = await post(url, body)
  const timed: Timed = { firstMs: NaN, totalMs: NaN, text: '' }
  let rest = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      if (!line.startsWith('data: {')) continue
      const piece = pick(JSON.parse(line.slice(6)))
      if (piece !== '' && timed.text === '') timed.firstMs = performance.now() - from
      timed.text += piece
    }
  }
  timed.totalMs = performance.now() - from
  return timed
}

interface WarmState {
  enabled: boolean
  ready: number
}

/** Waits until the pool has a process ready again, at most ten seconds; at once where it is off. */
export async function poolReady(url: string): Promise<WarmState> {
  for (let waited = 0; ; waited += 50) {
    const { warm_pool: pool } = (await (await fetch(`${url}/health`)).json()) as { warm_pool: WarmState }
    if (!pool.enabled || pool.ready > 0 || waited >= 10_000) return pool
    await sleep(50)
  }
}
