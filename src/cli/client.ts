/** Requests to the running server. Keys come from the environment: an argument would stand in the list of processes. */
import { withSecretFiles } from '../config/secret-files.js'
import { name } from '../version.js'
import { CommandError, exitOfStatus, exits } from './exits.js'
import { type ServerAddress, serverAddress } from './server-url.js'

export interface Ask {
  method?: 'GET' | 'POST' | 'DELETE'
  /** sent as JSON */
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  /** whose key is sent: the caller's, the operator's, or the operator's where there is one */
  as?: 'caller' | 'operator' | 'either'
}

/** The server does not answer at all. */
export class Unreachable extends CommandError {
  constructor(
    readonly address: ServerAddress,
    why: string,
  ) {
    const remedy = address.named ? 'check CLAUDE_BRIDGE_URL' : `start it with \`${name} serve\`, or set CLAUDE_BRIDGE_URL`
    super(`no server answers at ${address.url} (${why}): ${remedy}`, exits.unreachable)
  }
}

export class Client {
  constructor(
    private readonly address: ServerAddress,
    private readonly keys: { caller: string | undefined; operator: string | undefined },
  ) {}

  /** @throws CommandError, ConfigError */
  static async of(env: NodeJS.ProcessEnv): Promise<Client> {
    const { ADMIN_KEY: operator } = withSecretFiles(env)
    return new Client(await serverAddress(env), { caller: env['CLAUDE_BRIDGE_KEY'] || undefined, operator: operator || undefined })
  }

  /** A response with status 2xx. @throws CommandError with the server's own words; Unreachable; what `signal` is aborted with */
  async fetch(route: string, ask: Ask = {}): Promise<Response> {
    const { method = 'GET', body, headers, signal } = ask
    const key = this.keyFor(ask.as ?? 'caller')
    const send = (to: string, init: RequestInit) => this.send(to, { ...init, ...(signal !== undefined && { signal }) })
    if (key === null) {
      // whether a server is there comes first: without one no key is needed
      await send('/health', {})
      throw new CommandError('this needs the key of the operator: set ADMIN_KEY', exits.refused)
    }
    const response = await send(route, {
      method,
      headers: {
        'user-agent': name,
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (response.ok) return response
    throw await this.refusal(response, key === undefined)
  }

  /** The JSON of a response. @throws as {@link fetch} */
  async json<T>(route: string, ask: Ask = {}): Promise<T> {
    const response = await this.fetch(route, ask)
    try {
      return (await response.json()) as T
    } catch (error) {
      ask.signal?.throwIfAborted()
      // from the 45th second on a blocking answer can only break off
      throw new CommandError(`the answer of ${this.address.url} broke off: ${causeOf(error)}`, exits.failed)
    }
  }

  /** @throws Unreachable; what the signal is aborted with */
  private async send(route: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.address.url + route, init)
    } catch (error) {
      init.signal?.throwIfAborted()
      throw new Unreachable(this.address, causeOf(error))
    }
  }

  /** Undefined: none is needed; null: one is, and is not there. */
  private keyFor(as: NonNullable<Ask['as']>): string | undefined | null {
    const { caller, operator } = this.keys
    if (as === 'caller') return caller
    return as === 'either' ? (operator ?? caller) : (operator ?? null)
  }

  private async refusal(response: Response, withoutKey: boolean): Promise<CommandError> {
    const text = await response.text().catch(() => '')
    const message = messageIn(text) ?? `${this.address.url} answers with status ${response.status}: is it a ${name} server?`
    const remedy = response.status === 401 && withoutKey ? ' Set CLAUDE_BRIDGE_KEY.' : ''
    return new CommandError(`${message}${remedy}`, exitOfStatus(response.status))
  }
}

/** The message of OpenAI's envelope; null where the text is something else. */
function messageIn(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } }
    return typeof error?.message === 'string' ? error.message : null
  } catch {
    return null
  }
}

/** `fetch` hides why behind "fetch failed". */
function causeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string }
  return cause?.code ?? cause?.message ?? message ?? 'unknown'
}
