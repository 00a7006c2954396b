/** Makes exchanges with a bridge and keeps what was sent, what came back and what reached the model. */
import type { Test } from 'tap'
import type { Bridge } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { type Answer, contains } from '../standin/index.js'
import type { Script, TestProvider } from '../upstreams/provider.js'
import { type Exchange, settle } from './files.js'
import { recordFrames } from './frames.js'
import { recordHeaders } from './headers.js'
import { Mask } from './mask.js'

export interface Case {
  /** unique in its group; stands in the prompt as `[name]`, so that the model's call can be found */
  name: string
  /** `POST /tasks`, `block`, `stop`: a cell of the table */
  cell: readonly [route: string, way: string, ending: string]
  /** default: POST where there is a body, else GET */
  method?: string
  /** default: the route of the cell */
  path?: string
  headers?: Record<string, string>
  /** a string goes out as it is */
  body?: unknown
  /** what the stand-in answers to prompts with the name */
  says?: readonly Answer[]
  /** what the provider answers to them */
  provider?: readonly Script[]
}

/** Unmasked. */
export interface Answered {
  status: number
  headers: Headers
  body: never
}

export class Recorder {
  private readonly exchanges = new Map<string, Exchange>()

  constructor(
    private readonly bridge: Bridge,
    private readonly provider?: TestProvider,
  ) {}

  /** `models: false`: the exchange asks none, or none of its own. */
  async make(one: Case, models = true): Promise<Answered> {
    const { name, cell, body, headers = {} } = one
    const marker = `[${name}]`
    if (one.says !== undefined) this.bridge.standin.when(marker, ...one.says)
    if (one.provider !== undefined) this.provider!.when(marker, ...one.provider)
    const method = one.method ?? (body === undefined ? 'GET' : 'POST')
    const path = one.path ?? cell[0].slice(cell[0].indexOf(' ') + 1)
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await fetch(this.bridge.url + path, { method, headers: { ...type, ...headers }, ...sent })
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    const came = isStream ? { frames: recordFrames(await framesOf(response)) } : { body: await bodyOf(response) }
    this.add({
      ...{ name, cell, request: { method, path, headers, body: short(body) }, status: response.status },
      headers: recordHeaders(response.headers),
      ...came,
      ...(models ? this.models(marker, body, cell[2] === 'length') : {}),
    })
    return { status: response.status, headers: response.headers, body: came.body as never }
  }

  add(exchange: Exchange): void {
    if (this.exchanges.has(exchange.name)) throw new Error(`two exchanges are called ${exchange.name}`)
    this.exchanges.set(exchange.name, new Mask().value(exchange))
  }

  /** Compares with the file of the group, or writes it. */
  settle(t: Test, group: string): void {
    settle(t, group, [...this.exchanges.values()])
  }

  private models(marker: string, sent: unknown, firstCallOnly: boolean): Pick<Exchange, 'model'> {
    const asked: unknown[] = this.bridge.standin.calls.filter((call) => contains(call, marker)).map(({ body }) => body)
    if (this.provider !== undefined) asked.push(...this.provider.of(marker).map(({ body }) => body))
    // the CLI goes on by itself after a cut answer; whether it has asked again when the bridge ends it is a matter of timing
    if (firstCallOnly) asked.length = Math.min(asked.length, 1)
    // which of several choices asks first, and whose session the answer names, is a matter of timing
    const apart = Number((Object(sent) as { n?: unknown }).n ?? 1) > 1
    return asked.length === 0 ? {} : { model: apart ? asked.map((one) => new Mask().value(one)) : asked }
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** A body that is long on purpose is told by its length. */
function short(body: unknown): unknown {
  return typeof body === 'string' && body.length > 500 ? `<${body.length} characters>` : body
}
