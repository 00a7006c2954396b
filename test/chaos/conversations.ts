/**
 * Conversations whose answers can be checked: the stand-in answers with a digest of the model and of everything that it was told,
 * so that a process that had heard anything else would show.
 */
import { createHash } from 'node:crypto'
import { type Reply, message } from '../standin/index.js'
import type { MessagesRequest } from '../standin/request.js'
import { blocksOf } from '../standin/request.js'

export interface Profile {
  model: string
  reasoning_effort?: string
}

export interface Said {
  role: string
  content: string
}

/** Launch profiles: what a process's arguments fix. */
export const profiles: readonly Profile[] = [
  { model: 'claude-sonnet-5-5' },
  { model: 'claude-sonnet-5-5', reasoning_effort: 'low' },
  { model: 'claude-opus-5-5' },
  { model: 'claude-opus-5-5', reasoning_effort: 'high' },
  { model: 'claude-haiku-5-5' },
]

/** Pieces of the answer, as they are streamed. */
export function answerTo(model: string, history: readonly Said[]): string[] {
  const told = JSON.stringify([model, history.map(({ role, content }) => [role, content])])
  const digest = createHash('sha256').update(told).digest('hex').slice(0, 32)
  return ['Answer', ' ', digest.slice(0, 16), digest.slice(16), ' one', ' two', ' three', '.']
}

/** What the stand-in says to a request of the CLI's. */
export function replyTo(body: MessagesRequest, tokenDelayMs: number): Reply {
  const texts = (content: Parameters<typeof blocksOf>[0]) =>
    blocksOf(content)
      .map((block) => block.text ?? `[${block.type}]`)
      .join('')
  // the CLI's note of the effort is a system message without a text
  const turns = (body.messages ?? [])
    .map(({ role, content }) => ({ role, content: texts(content) }))
    .filter(({ content }) => content !== '')
  const system = blocksOf(body.system)
    .map((block) => block.text ?? '')
    .filter((text) => text.startsWith('System '))
    .map((content) => ({ role: 'system', content }))
  const answer = answerTo(body.model ?? '', [...system, ...turns])
  return message([{ type: 'text', deltas: answer }], { pace: { firstTokenDelayMs: tokenDelayMs, tokenDelayMs } })
}

/** A call of one of the client's functions. */
export interface Called {
  id: string
  type: 'function'
  function: { name: string; arguments: string }
}

/** What came back over HTTP, whichever way it was asked for. */
export interface Answered {
  status: number
  task: string | null
  text: string
  calls: Called[]
  /** code of the error that was told; null: told as a success */
  error: string | null
  /** everything that belongs to an answer was there */
  whole: boolean
}

export interface Asking {
  url: string
  body: Record<string, unknown>
  stream: boolean
  /** the owner's key; left out: the server has none */
  key?: string
  signal?: AbortSignal
  /** The first piece of the answer is there; called again for later ones. */
  onBegun?: (task: string | null) => void
}

interface Part {
  content?: string | null
  tool_calls?: (Partial<Called> & { index?: number; function: Partial<Called['function']> })[]
}

interface Piece {
  choices?: { delta?: Part; message?: Part; finish_reason: string | null }[]
  error?: { code: string }
}

/** Rejects where the connection breaks or the signal is aborted. */
export async function ask({ url, body, stream, key, signal, onBegun }: Asking): Promise<Answered> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ ...body, stream }),
    ...(signal && { signal }),
  })
  const task = response.headers.get('x-bridge-task-id')
  let raw = ''
  const decoder = new TextDecoder()
  for await (const bytes of response.body!) {
    raw += decoder.decode(bytes as Uint8Array, { stream: true })
    if (raw.includes('"content":"A')) onBegun?.(task)
  }
  const streamed = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const pieces = streamed
    ? [...raw.matchAll(/^data: (\{.*)$/gm)].map((match) => JSON.parse(match[1]!) as Piece)
    : [JSON.parse(raw) as Piece]
  const choices = pieces.flatMap((piece) => piece.choices ?? [])
  return {
    status: response.status,
    task,
    text: choices.map((choice) => choice.delta?.content ?? choice.message?.content ?? '').join(''),
    calls: joinCalls(choices.flatMap((choice) => (choice.delta ?? choice.message)?.tool_calls ?? [])),
    error: pieces.find((piece) => piece.error !== undefined)?.error?.code ?? null,
    whole:
      choices.some((choice) => ['stop', 'tool_calls'].includes(choice.finish_reason ?? '')) &&
      (!streamed || raw.endsWith('data: [DONE]\n\n')),
  }
}

/** Pieces of streamed calls have the index of their call; whole ones have none. */
function joinCalls(pieces: NonNullable<Part['tool_calls']>): Called[] {
  const calls: Called[] = []
  for (const [at, { index = at, id, function: piece }] of pieces.entries()) {
    const call = (calls[index] ??= { id: id ?? '', type: 'function', function: { name: piece.name ?? '', arguments: '' } })
    call.function.arguments += piece.arguments ?? ''
  }
  return calls
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
