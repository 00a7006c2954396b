/** One provider over HTTP: its connections, its key, its limits. Knows what is sent, not what comes back. */
import { type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { redact } from '../redact.js'
import type { TraceContext } from '../request/trace-context.js'
import type { Dialect } from '../request/upstream-models.js'
import { providerText, type UpstreamRequest } from '../request/upstream-request.js'
import { Dialects } from './dialects.js'
import type { Provider } from './settings.js'

/** Idle connections are kept this long, unless the provider says less. */
const keepAliveMs = 15_000

export class ProviderClient {
  /** why no request can be made; null where one can */
  readonly problem: string | null
  readonly dialects: Dialects
  private readonly agent: Dispatcher
  private readonly url: URL
  private readonly headers: Record<string, string>
  private readonly secrets: string[]

  /** `env`: where the key is read, once, and the proxies */
  constructor(
    readonly settings: Provider,
    env: NodeJS.ProcessEnv,
  ) {
    const { apiKeyEnv, baseUrl, timeouts } = settings
    const key = apiKeyEnv === null ? null : (env[apiKeyEnv]?.trim() ?? '')
    this.problem = problemOf(apiKeyEnv, key)
    this.dialects = new Dialects(settings)
    this.url = new URL(baseUrl)
    // a URL without a path has one all the same: `/`
    this.url.pathname = `${baseUrl.pathname.replace(/\/+$/, '')}/chat/completions`
    this.headers = {
      ...settings.headers,
      'content-type': 'application/json',
      accept: 'text/event-stream, application/json',
      'accept-encoding': 'identity',
      ...(key !== null && this.problem === null && { authorization: `Bearer ${key}` }),
    }
    const secretHeaders = Object.entries(settings.headers).filter(([name]) => /key|token|auth|secret|cookie/i.test(name))
    this.secrets = [key ?? '', ...secretHeaders.map(([, value]) => value)].filter((secret) => secret !== '')
    this.agent = new EnvHttpProxyAgent({
      // an empty text is "none": left out, they would be read from this process's own environment
      httpProxy: env['http_proxy'] ?? env['HTTP_PROXY'] ?? '',
      httpsProxy: env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '',
      noProxy: env['no_proxy'] ?? env['NO_PROXY'] ?? '',
      connections: settings.maxConcurrent,
      connect: { timeout: timeouts.connect * 1000 },
      headersTimeout: timeouts.firstByte * 1000,
      bodyTimeout: timeouts.idle * 1000,
      keepAliveTimeout: keepAliveMs,
    })
  }

  /** As traces name it. */
  get address(): Record<string, string | number> {
    const { hostname, port, protocol } = this.url
    return { 'server.address': hostname, 'server.port': Number(port) || (protocol === 'https:' ? 443 : 80) }
  }

  /** Resolves with the answer's head, whatever its status; rejects with undici's errors. `trace`: the trace that the call belongs to. */
  ask(
    request: UpstreamRequest,
    dialect: Dialect,
    signal: AbortSignal,
    trace: TraceContext | null = null,
  ): Promise<Dispatcher.ResponseData> {
    return this.agent.request({
      origin: this.url.origin,
      path: this.url.pathname + this.url.search,
      method: 'POST',
      // the operator's own headers stand
      headers: { ...trace, ...this.headers },
      body: providerText(request, dialect),
      ...(!dialect.stream && { headersTimeout: this.settings.timeouts.whole * 1000 }),
      signal,
    })
  }

  /** A provider's words without what clients may not see: its key above all. */
  redact(text: string): string {
    const clean = this.secrets.reduce((so, secret) => so.replaceAll(secret, '…'), text)
    return redact(clean)
  }

  close(): Promise<void> {
    return this.agent.destroy()
  }
}

function problemOf(apiKeyEnv: string | null, key: string | null): string | null {
  if (apiKeyEnv === null) return null
  if (key === '') return `${apiKeyEnv} is not set`
  // no header can carry it
  return /^[\x21-\x7e]+$/.test(key!) ? null : `${apiKeyEnv} holds no key: it must be one ASCII word`
}
