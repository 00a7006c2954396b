/**
 * The stand-in: a local server that speaks the Anthropic Messages API as far as the Claude CLI does, answers what a
 * test tells it to and remembers what it was asked. No account, no internet.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { deliver } from './deliver.js'
import { demoBehaviour } from './demo-behaviour.js'
import type { Exchange } from './exchange.js'
import { httpError } from './failures.js'
import { takeIn } from './intake.js'
import type { RecordedRequest } from './record.js'
import type { Answer, Reply } from './reply.js'
import { fixedReply, isModelCall } from './routes.js'
import { Script, type Match } from './script.js'
import { Watch } from './watch.js'

export interface StandinOptions {
  /** 0, the default: any free one */
  port?: number
  /** answers a model call that neither a rule nor the queue answers; default: the demo behaviour */
  fallback?: (request: RecordedRequest) => Reply | Promise<Reply>
  /** refuse with 400 what the real API refuses, such as a tool call without its result; default true */
  strict?: boolean
  /** how many records are kept, the oldest going first; default: all */
  keep?: number
}

export interface Standin {
  /** without a slash at the end, for `ANTHROPIC_BASE_URL` */
  readonly url: string
  readonly port: number
  /** every request since the start or the last `reset` */
  readonly requests: readonly RecordedRequest[]
  /** the model calls among them: `POST /v1/messages` */
  readonly calls: readonly RecordedRequest[]
  /** replies still waiting in the queue */
  readonly queued: number
  /** adds replies to the queue; each model call that no rule matches takes one */
  script(...answers: Answer[]): void
  /**
   * Answers every model call that matches, before the queue; the first matching rule wins.
   * @param answers given in order, the last one again and again
   * @returns removes the rule
   */
  when(match: Match, ...answers: Answer[]): () => void
  /** Resolves with the `index`th model call, from 0, once it has come. @throws Error after `timeoutMs` (30 000) */
  call(index: number, timeoutMs?: number): Promise<RecordedRequest>
  /** Forgets records, queue and rules; exchanges that are open end at once. */
  reset(): void
  /** Ends open connections at once and stops listening. */
  close(): Promise<void>
}

/** Starts a stand-in on 127.0.0.1. @throws the error of `listen`, such as EADDRINUSE */
export async function startStandin(options: StandinOptions = {}): Promise<Standin> {
  const { port: wanted = 0, fallback = demoBehaviour, strict = true, keep = Infinity } = options
  const script = new Script(fallback)
  const watch = new Watch(keep)
  const open = new Set<Exchange>()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const intake = await takeIn(request, response)
    if (intake === undefined) return
    const { exchange, readable } = intake
    open.add(exchange)
    response.once('close', () => open.delete(exchange))
    const reply = fixedReply(exchange.record, readable, strict)
    watch.add(exchange.record, isModelCall(exchange.record))
    try {
      await deliver(reply ?? (await answer(script, exchange.record)), exchange)
    } catch (error) {
      // waits and writes end this way when the connection is gone
      if (!exchange.signal.aborted && !exchange.response.destroyed) throw error
    }
  }

  // a keep-alive shorter than the client's would close connections just as they are used again
  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => void handle(request, response))
  server.listen(wanted, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  function endOpen(): void {
    for (const exchange of open) {
      exchange.endIsOurs()
      exchange.response.destroy()
    }
  }

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get requests() {
      return watch.requests
    },
    get calls() {
      return watch.calls
    },
    get queued() {
      return script.queued
    },
    script: (...answers) => script.push(answers),
    when: (match, ...answers) => script.rule(match, answers),
    call: (index, timeoutMs = 30_000) => watch.call(index, timeoutMs),
    reset() {
      script.clear()
      watch.clear()
      endOpen()
    },
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      endOpen()
      server.closeAllConnections()
      watch.clear()
      await closed
    },
  }
}

/** A mistake in a test's own function must be seen by the test, so it travels as the API's error. */
async function answer(script: Script, record: RecordedRequest): Promise<Reply> {
  try {
    return await script.next(record)
  } catch (error) {
    return httpError(500, { message: `the script failed: ${error instanceof Error ? error.message : String(error)}` })
  }
}
