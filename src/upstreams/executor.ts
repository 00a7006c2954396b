/** Runs jobs on OpenAI-compatible providers: one call for one run, streamed through as events. */
import type { Dispatcher } from 'undici'
import { Limiter, type LimiterOptions } from '../limiter.js'
import type { Failure } from '../errors/catalogue.js'
import type { Execution, Executor, Outcome, Run } from '../jobs/executor.js'
import type { UpstreamRequest } from '../request/upstream-request.js'
import { failureOfConnection, failureOfStatus, isOurs } from './failure.js'
import { ProviderClient } from './provider-client.js'
import { rateLimits } from './rate-limits.js'
import { readAnswer } from './read-answer.js'
import type { Provider } from './settings.js'

/** Characters of an error's body that are looked at. */
const longestError = 64 * 1024

export interface ProviderHealth {
  name: string
  ok: boolean
  problem: string | null
}

export class UpstreamExecutor implements Executor<UpstreamRequest> {
  private readonly clients = new Map<string, ProviderClient>()
  /** runs that use a client */
  private readonly users = new Map<ProviderClient, number>()
  private readonly limiters = new Map<string, Limiter>()

  /** @param turnsOf see {@link Limiter} @param limiterOf makes the one of a provider */
  constructor(
    providers: readonly Provider[],
    private readonly env: NodeJS.ProcessEnv,
    private readonly turnsOf: (owner: string) => number = () => 1,
    private readonly limiterOf: (name: string, options: LimiterOptions) => Limiter = (_, options) => new Limiter(options),
  ) {
    this.replace(providers)
  }

  /** Calls at once of each provider, by its name. The map is the same one after a change of providers. */
  get places(): ReadonlyMap<string, Limiter> {
    return this.limiters
  }

  /** Takes other providers, for runs that begin from now on. Those that run go on with what they began with. */
  replace(providers: readonly Provider[]): void {
    const before = new Map(this.clients)
    const limiters = new Map(this.limiters)
    this.clients.clear()
    this.limiters.clear()
    for (const provider of providers) {
      const { name, maxConcurrent: bound } = provider
      const client = before.get(name)
      const limiter = limiters.get(name)
      // what it has learnt of the provider, and its connections, are worth keeping
      this.clients.set(name, client !== undefined && isSame(client.settings, provider) ? client : new ProviderClient(provider, this.env))
      this.limiters.set(name, limiter?.bound === bound ? limiter : this.limiterOf(name, { bound, turnsOf: this.turnsOf }))
    }
    for (const client of before.values()) this.closeIfUnused(client)
  }

  run(run: Run<UpstreamRequest>): Execution {
    let settle!: (outcome: Outcome) => void
    const outcome = new Promise<Outcome>((resolve) => (settle = resolve))
    const abort = () => settle({ kind: 'aborted' })
    run.signal.addEventListener('abort', abort, { once: true })
    if (run.signal.aborted) abort()
    const gone = this.execute(run, settle)
      // nothing of a run may end the server: what was not foreseen is the run's failure
      .catch((error: unknown) => {
        run.trouble?.('a call of a provider failed in a way that was not foreseen', error)
        settle({ kind: 'failed', failure: { code: 'internal_error', message: 'The call could not be made.' } })
      })
      .finally(() => run.signal.removeEventListener('abort', abort))
    return { outcome, gone }
  }

  get health(): ProviderHealth[] {
    return [...this.clients].map(([name, { problem }]) => ({ name, ok: problem === null, problem }))
  }

  async close(): Promise<void> {
    await Promise.all([...this.clients.values(), ...this.users.keys()].map((client) => client.close()))
  }

  private async execute(run: Run<UpstreamRequest>, settle: (outcome: Outcome) => void): Promise<void> {
    const { request } = run
    const client = this.clients.get(request.provider)
    const fail = (failure: Failure) =>
      settle({ kind: 'failed', failure: { ...failure, message: client?.redact(failure.message) ?? failure.message } })
    if (client === undefined) {
      return fail({ code: 'model_not_found', message: `There is no provider ${request.provider} any more.`, param: 'model' })
    }
    this.users.set(client, (this.users.get(client) ?? 0) + 1)
    try {
      await this.ask(run, client, settle, fail)
    } finally {
      const left = this.users.get(client)! - 1
      if (left === 0) this.users.delete(client)
      else this.users.set(client, left)
      this.closeIfUnused(client)
    }
  }

  /** Of a provider that is there no more. */
  private closeIfUnused(client: ProviderClient): void {
    if (this.users.has(client) || this.clients.get(client.settings.name) === client) return
    // what is wrong with connections that nothing uses is of no interest
    client.close().catch(() => undefined)
  }

  private async ask(
    run: Run<UpstreamRequest>,
    client: ProviderClient,
    settle: (outcome: Outcome) => void,
    fail: (failure: Failure) => void,
  ): Promise<void> {
    const { request } = run
    if (client.problem !== null) {
      return fail({ code: 'upstream_auth', message: `${request.provider} cannot be asked: ${client.problem}.` })
    }
    run.span?.set(client.address)
    await run.seat.take(this.places.get(request.provider)!)
    run.emit({ type: 'status', status: 'in_progress', phase: 'waiting' })
    let dialect = client.dialects.of(request.model)
    for (let learning = false; ; learning = true) {
      let response: Dispatcher.ResponseData
      try {
        response = await client.ask(request, dialect, run.signal, run.span?.context)
      } catch (error) {
        if (isOurs(error, run.signal)) run.trouble?.('a provider could not be asked', error)
        return fail(failureOfConnection(request.provider, error, false, false))
      }
      const limits = rateLimits(response.headers)
      const withLimits = (failure: Failure) => fail(limits === null ? failure : { ...failure, headers: limits })
      run.alive()
      if (response.statusCode >= 200 && response.statusCode <= 299) {
        run.emit({ type: 'status', status: 'in_progress', answered: true, ...(limits !== null && { headers: limits }) })
        if (learning) client.dialects.learn(request.model, dialect)
        return readAnswer(run, request.provider, response.body, settle, withLimits)
      }
      const body = await readError(response.body)
      // each refusal takes one addition away, so that there are three calls at most
      const simpler = run.signal.aborted ? null : client.dialects.after(request.model, dialect, response.statusCode, body)
      if (simpler === null) return withLimits(failureOfStatus(request.provider, response.statusCode, body, response.headers))
      dialect = simpler
    }
  }
}

/** A URL has no members to compare; as JSON it is its text. */
function isSame(one: Provider, other: Provider): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

async function readError(body: Dispatcher.ResponseData['body']): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const bytes of body) {
      text += decoder.decode(bytes as Uint8Array, { stream: true })
      if (text.length > longestError) break
    }
  } catch {
    // the status says enough
  }
  return text
}
