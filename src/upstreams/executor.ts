/** Runs jobs on OpenAI-compatible providers: one call for one run, streamed through as events. */
import type { Dispatcher } from 'undici'
import { Limiter } from '../limiter.js'
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
  private readonly clients: Map<string, ProviderClient>
  /** calls at once of each provider, by its name */
  readonly places: ReadonlyMap<string, Limiter>

  /** @param turnsOf see {@link Limiter} */
  constructor(providers: readonly Provider[], env: NodeJS.ProcessEnv, turnsOf: (owner: string) => number = () => 1) {
    this.clients = new Map(providers.map((provider) => [provider.name, new ProviderClient(provider, env)]))
    this.places = new Map(providers.map(({ name, maxConcurrent }) => [name, new Limiter({ bound: maxConcurrent, turnsOf })]))
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
    await Promise.all([...this.clients.values()].map((client) => client.close()))
  }

  private async execute(run: Run<UpstreamRequest>, settle: (outcome: Outcome) => void): Promise<void> {
    const { request } = run
    const client = this.clients.get(request.provider)
    const fail = (failure: Failure) =>
      settle({ kind: 'failed', failure: { ...failure, message: client?.redact(failure.message) ?? failure.message } })
    if (client === undefined) {
      return fail({ code: 'model_not_found', message: `There is no provider ${request.provider} any more.`, param: 'model' })
    }
    if (client.problem !== null) {
      return fail({ code: 'upstream_auth', message: `${request.provider} cannot be asked: ${client.problem}.` })
    }
    await run.seat.take(this.places.get(request.provider)!)
    run.emit({ type: 'status', status: 'in_progress', phase: 'waiting' })
    let dialect = client.dialects.of(request.model)
    for (let learning = false; ; learning = true) {
      let response: Dispatcher.ResponseData
      try {
        response = await client.ask(request, dialect, run.signal)
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
