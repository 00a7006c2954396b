/**
 * A server on loopback in place of the model's API: it keeps the body of each model call and streams a scripted answer. The check of the
 * CLI owns one and closes it.
 */
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { objectIn, textIn } from '../protocol/loose.js'
import { type Answer, eventStream } from './answers.js'

/** One `POST /v1/messages`. */
export interface Call {
  /** the body as it came, to the byte */
  raw: string
  body: Record<string, unknown>
}

/** Bytes of a body; the bodies of the check have a few thousand. */
const largestBody = 5_000_000

interface Script {
  answers: readonly Answer[]
  calls: Call[]
}

export class Recorder {
  /** model calls that no script was made for */
  readonly strays: Call[] = []
  /** by the marker that stands in the question */
  private readonly scripts = new Map<string, Script>()
  private readonly server = createServer((request, response) => {
    this.handle(request, response).catch(() => response.destroy())
  })
  private port = 0

  /** Listens on a free port of 127.0.0.1. @throws the error of `listen` */
  async open(): Promise<void> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    this.port = (this.server.address() as AddressInfo).port
  }

  /** For `ANTHROPIC_BASE_URL`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /**
   * Scripts the answers to a question. Where a conversation has several markers, the last one in it counts. A marker that has a script
   * keeps it.
   * @param answers given in order, the last one again and again
   */
  script(marker: string, answers: readonly Answer[]): void {
    if (!this.scripts.has(marker)) this.scripts.set(marker, { answers, calls: [] })
  }

  /** The model calls with that marker, in their order. */
  callsOf(marker: string): readonly Call[] {
    return this.scripts.get(marker)?.calls ?? []
  }

  /** Ends open connections and stops listening. */
  async close(): Promise<void> {
    if (!this.server.listening) return
    const closed = once(this.server, 'close')
    this.server.close()
    this.server.closeAllConnections()
    await closed
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await bodyOf(request)
    const path = request.url?.split('?')[0]
    if (request.method !== 'POST') return json(response, 200, {})
    if (path === '/v1/messages/count_tokens') return json(response, 200, { input_tokens: 1 })
    const body = path === '/v1/messages' ? parsed(raw) : undefined
    if (body === undefined) return json(response, 404, failure('not_found_error', 'nothing is here'))
    const script = this.scriptFor(body)
    const calls = script?.calls ?? this.strays
    calls.push({ raw, body })
    if (body['stream'] !== true) return json(response, 400, failure('invalid_request_error', 'only streams are answered'))
    const answer = script?.answers[Math.min(calls.length, script.answers.length) - 1] ?? { text: 'noted' }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
    response.end(eventStream(answer, textIn(body['model']) ?? 'none'))
  }

  private scriptFor(body: Record<string, unknown>): Script | undefined {
    const said = JSON.stringify(body['messages'] ?? null)
    let found: { script: Script; at: number } | undefined
    for (const [marker, script] of this.scripts) {
      const at = said.lastIndexOf(marker)
      if (at > (found?.at ?? -1)) found = { script, at }
    }
    return found?.script
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > largestBody) throw new Error('the body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(raw: string): Record<string, unknown> | undefined {
  try {
    return objectIn(JSON.parse(raw))
  } catch {
    return undefined
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

function failure(type: string, message: string): object {
  return { type: 'error', error: { type, message } }
}
