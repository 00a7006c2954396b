/** A fault of ours in a run: its cause is told beside the failure, which does not name it. */
import t from 'tap'
import type { Executor, Run } from '../src/jobs/executor.js'
import type { ClaudeRequest } from '../src/request/conversation.js'
import { ClaudeExecutor } from '../src/claude/executor.js'
import { CheckedExecutor } from '../src/validation/checked-executor.js'
import type { CheckThreads } from '../src/validation/thread/check-threads.js'
import { UpstreamExecutor } from '../src/upstreams/executor.js'
import { FallbackExecutor } from '../src/upstreams/fallbacks.js'
import { readConfig } from '../src/config.js'
import { answer, startProvider } from './upstreams/provider.js'
import { freeSeat } from './jobs/seat.js'

const provider = await startProvider(t)
const settings = { acme: { base_url: provider.url, api_key_env: 'ACME_KEY', models: '*' } }
const upstreams = new UpstreamExecutor(readConfig({ UPSTREAMS: JSON.stringify(settings), IDLE_TIMEOUT_S: '60' }).upstreams, {
  ACME_KEY: 'gsk_0123456789secret',
})
t.teardown(() => upstreams.close())

const bug = new TypeError('a bug')
const throwing: Executor<ClaudeRequest> = {
  run() {
    throw bug
  },
}

/** What is told of a run whose `emit` has a bug from the event of that type on. */
async function told<Request>(executor: Executor<Request>, request: Request, type?: string) {
  const troubles: unknown[] = []
  const run: Run<Request> = {
    ...{ jobId: 'task_x', owner: 'anna', choice: 0, request, signal: new AbortController().signal, alive: () => {}, seat: freeSeat },
    emit(event) {
      if (event.type === type) throw bug
    },
    trouble: (_message, error) => void troubles.push(error),
  }
  const execution = executor.run(run)
  const outcome = await execution.outcome
  await execution.gone
  return { outcome, troubles }
}

const asking = (marker: string) => ({
  ...{ kind: 'upstream' as const, provider: 'acme', model: 'big-model' },
  text: JSON.stringify({ messages: [{ role: 'user', content: marker }] }),
})

await t.test('before a provider is asked', async (t) => {
  t.match(await told(upstreams, asking('T-status'), 'status'), {
    outcome: { kind: 'failed', failure: { code: 'internal_error' } },
    troubles: [bug],
  })
})

await t.test('while its answer is read', async (t) => {
  provider.when('T-text', answer('a'))
  const { outcome, troubles } = await told(upstreams, asking('T-text'), 'text')
  t.equal(outcome.kind, 'failed')
  t.strictSame(troubles, [bug])
})

await t.test('a provider that cannot be reached is no fault of ours', async (t) => {
  const away = new UpstreamExecutor(
    readConfig({ UPSTREAMS: JSON.stringify({ acme: { ...settings.acme, base_url: 'http://127.0.0.1:9' } }), IDLE_TIMEOUT_S: '60' })
      .upstreams,
    {
      ACME_KEY: 'gsk_0123456789secret',
    },
  )
  t.match(await told(away, asking('T-away')), { outcome: { failure: { code: 'upstream_unreachable' } }, troubles: [] })
  await away.close()
})

await t.test('between models that are asked in turn', async (t) => {
  const candidates = [{ name: 'a', run: asking('T-turn') }]
  t.match(await told(new FallbackExecutor(throwing as never), { kind: 'fallbacks', candidates }), {
    outcome: { kind: 'failed', failure: { code: 'internal_error' } },
    troubles: [bug],
  })
})

await t.test('while an answer is checked', async (t) => {
  const executor = new CheckedExecutor({
    executor: throwing,
    threads: { prepare: () => {} } as CheckThreads,
    childRequest: () => {
      throw bug
    },
  })
  const plan = { checks: [{ type: 'json_string', params: {} }] }
  t.match(await told(executor, { kind: 'checked', inner: asking('T-checked'), plan } as never), {
    outcome: { kind: 'failed', failure: { code: 'validator_failed' } },
    troubles: [bug],
  })
})

await t.test('before a process of the CLI is there', async (t) => {
  const executor = new ClaudeExecutor({
    binary: () => {
      throw bug
    },
    ...{ credential: 'login' as const, env: {}, workspaceRoot: '/nowhere' },
    observe: () => {
      throw second
    },
  })
  const second = new Error('another bug')
  const request: ClaudeRequest = { kind: 'claude', model: 'sonnet', system: [], turns: [] }
  const { outcome, troubles } = await told(executor, request)
  t.match(outcome, { kind: 'failed', failure: { code: 'internal_error' } })
  t.strictSame(new Set(troubles), new Set([bug, second]), 'what fails after it as well')
})
