/** A small OpenAI-compatible provider on a real socket, scripted by a marker in the request's last message. */
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

export interface Asked {
  headers: IncomingHttpHeaders
  path: string
  body: Record<string, unknown> & { messages: { role: string; content: unknown }[] }
  /** the body as it came */
  text: string
  /** the connection was closed before the answer was whole */
  left: boolean
}

/** Answers one request; whoever wants to hang never ends it. */
export type Script = (response: ServerResponse, asked: Asked) => void | Promise<void>

export interface TestProvider {
  url: string
  asked: Asked[]
  /** connections taken so far */
  connections: number
  when(marker: string, ...scripts: Script[]): void
  /** requests that hold the marker */
  of(marker: string): Asked[]
}

export async function startProvider(t: Pick<Test, 'teardown'>): Promise<TestProvider> {
  const scripts = new Map<string, Script[]>()
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    request.on('end', () => {
      const body = JSON.parse(text) as Asked['body']
      const one: Asked = { headers: request.headers, path: request.url ?? '', body, text, left: false }
      asked.push(one)
      response.on('close', () => (one.left = !response.writableFinished))
      const said = JSON.stringify(body.messages.at(-1))
      const marker = [...scripts.keys()].find((name) => said.includes(name))
      const queue = marker === undefined ? [] : scripts.get(marker)!
      const script = queue.length > 1 ? queue.shift()! : (queue[0] ?? answer('no script'))
      void script(response, one)
    })
  })
  const provider: TestProvider = {
    url: '',
    asked,
    connections: 0,
    when: (marker, ...all) => void scripts.set(marker, all),
    of: (marker) => asked.filter(({ body }) => JSON.stringify(body.messages).includes(marker)),
  }
  server.on('connection', () => (provider.connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return provider
}

export const usage = {
  prompt_tokens: 100,
  completion_tokens: 20,
  total_tokens: 120,
  prompt_tokens_details: { cached_tokens: 60 },
  completion_tokens_details: { reasoning_tokens: 8 },
}

/** A chunk with one choice. */
export function chunk(delta: object, finish: string | null = null, more: object = {}): object {
  return {
    id: 'chatcmpl-upstream',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'big-model-2026-01-01',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...more,
  }
}

export function open(response: ServerResponse, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
}

export function send(response: ServerResponse, ...chunks: object[]): void {
  for (const one of chunks) response.write(`data: ${JSON.stringify(one)}\n\n`)
}

/** The whole stream: these chunks, usage, `[DONE]`. */
export function stream(chunks: object[], headers: Record<string, string> = {}): Script {
  return (response) => {
    open(response, headers)
    send(response, ...chunks, { ...chunk({}), choices: [], usage })
    response.end('data: [DONE]\n\n')
  }
}

export function answer(text: string, headers: Record<string, string> = {}): Script {
  const words = text.split(/(?<= )/).map((content) => chunk({ content }))
  return stream([chunk({ role: 'assistant', content: '' }), ...words, chunk({}, 'stop')], headers)
}

export function failing(status: number, body: unknown, headers: Record<string, string> = {}): Script {
  return (response) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
  }
}
