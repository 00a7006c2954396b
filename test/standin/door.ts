/**
 * The stand-in as an OpenAI-compatible provider. A test whose subject is not the CLI asks for the model `direct` and gets the same scripted
 * replies without a CLI process, whose start takes a second of CPU. Texts and thoughts only.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { StreamEvent } from './wire.js'

export interface Door {
  /** for `base_url` in `UPSTREAMS` */
  url: string
  close(): Promise<void>
}

type Part = { type: string; text: string }
interface ChatRequest {
  model: string
  max_tokens?: number
  max_completion_tokens?: number
  messages: { role: string; content: string | Part[] }[]
}

/** `standinUrl`: where the calls go, and are recorded and answered as those of the CLI */
export async function openDoor(standinUrl: string): Promise<Door> {
  const server = createServer((request, response) => void pass(request, response, standinUrl).catch(() => response.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function pass(request: IncomingMessage, response: ServerResponse, standinUrl: string): Promise<void> {
  const leaving = new AbortController()
  response.once('close', () => leaving.abort())
  const { signal } = leaving
  const body = JSON.stringify(toMessages((await json(request)) as ChatRequest))
  const answer = await fetch(`${standinUrl}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal })
  if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) {
    for (const name of ['content-type', 'retry-after']) if (answer.headers.has(name)) response.setHeader(name, answer.headers.get(name)!)
    response.writeHead(answer.status).end(await answer.text())
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  const toChunks = translator()
  for await (const event of eventsOf(answer.body!)) {
    for (const data of toChunks(event)) if (!response.write(`data: ${data}\n\n`)) await once(response, 'drain', { signal })
  }
  response.end()
}

function toMessages({ model, messages, ...limits }: ChatRequest): object {
  const max_tokens = limits.max_completion_tokens ?? limits.max_tokens ?? 1000
  const blocksOf = (content: string | Part[]) => (typeof content === 'string' ? [{ type: 'text', text: content }] : content)
  const isSystem = ({ role }: { role: string }) => role === 'system' || role === 'developer'
  const told = messages.map(({ role, content }) => ({ role, content: blocksOf(content) }))
  const system = told.filter(isSystem).flatMap(({ content }) => content)
  return { ...{ model, max_tokens, stream: true, messages: told.filter((one) => !isSystem(one)) }, ...(system.length > 0 && { system }) }
}

async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    const frames = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
    rest = frames.pop()!
    for (const frame of frames) yield JSON.parse(/^data: (.*)$/m.exec(frame)![1]!) as StreamEvent
  }
}

const reasons: Record<string, string> = { end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length', refusal: 'content_filter' }

interface Usage {
  input_tokens?: number
  output_tokens?: number
  cache_read_input_tokens?: number
  cache_creation_input_tokens?: number
}

/** The data of the chunks that an event becomes. */
function translator(): (event: StreamEvent) => string[] {
  let usage: Usage = {}
  let model: unknown
  const chunk = (delta: object, finish: string | null = null) =>
    JSON.stringify({
      id: 'chatcmpl-direct',
      object: 'chat.completion.chunk',
      created: 1,
      model,
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
  return (event) => {
    const { delta, message, error } = event as {
      delta?: { type?: string; text?: string; thinking?: string; stop_reason?: string }
      message?: { model: string; usage: Usage }
      error?: object
    }
    switch (event.type) {
      case 'message_start':
        ;({ model, usage } = message!)
        return [chunk({ role: 'assistant', content: '' })]
      case 'content_block_delta':
        if (delta!.type === 'text_delta') return [chunk({ content: delta!.text })]
        return delta!.type === 'thinking_delta' ? [chunk({ reasoning_content: delta!.thinking })] : []
      case 'message_delta':
        usage = { ...usage, ...(event['usage'] as Usage) }
        return [chunk({}, reasons[delta!.stop_reason!] ?? 'stop')]
      case 'message_stop':
        return [JSON.stringify({ model, choices: [], usage: totals(usage) }), '[DONE]']
      case 'error':
        return [JSON.stringify({ error })]
      default:
        return []
    }
  }
}

function totals({ input_tokens: fresh = 0, output_tokens: said = 0, ...cache }: Usage): object {
  const cached = cache.cache_read_input_tokens ?? 0
  const asked = fresh + cached + (cache.cache_creation_input_tokens ?? 0)
  return { prompt_tokens: asked, completion_tokens: said, total_tokens: asked + said, prompt_tokens_details: { cached_tokens: cached } }
}
