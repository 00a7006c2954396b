/** One run of the executor, without the bridge around it: its events, its one outcome, its connection. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { JobEvent } from '../../src/jobs/events.js'
import type { Execution, Executor, Outcome } from '../../src/jobs/executor.js'
import type { ClaudeRequest } from '../../src/request/conversation.js'
import type { FallbackRequest, UpstreamRequest } from '../../src/request/upstream-request.js'
import { oneModel } from '../../src/upstreams/by-kind.js'
import { UpstreamExecutor } from '../../src/upstreams/executor.js'
import { FallbackExecutor } from '../../src/upstreams/fallbacks.js'
import { readConfig } from '../../src/config.js'
import { until } from '../helper.js'
import { answer, chunk, failing, open, send, startProvider, usage } from './provider.js'
import { freeSeat } from '../jobs/seat.js'

const secret = 'gsk_0123456789secret'
const provider = await startProvider(t)
const settings = { acme: { base_url: provider.url, api_key_env: 'ACME_KEY', models: '*', headers: { 'x-auth-extra': 'second-secret' } } }
const executor = new UpstreamExecutor(readConfig({ UPSTREAMS: JSON.stringify(settings), IDLE_TIMEOUT_S: '60' }).upstreams, {
  ACME_KEY: secret,
})
t.teardown(() => executor.close())

const asking = (marker: string): UpstreamRequest => ({
  ...{ kind: 'upstream', provider: 'acme', model: 'big-model' },
  text: JSON.stringify({ messages: [{ role: 'user', content: marker }] }),
})

/** No run here is the CLI's. */
const none: Executor<ClaudeRequest> = {
  run() {
    throw new Error('this run is for a provider')
  },
}

function begin(
  request: UpstreamRequest | FallbackRequest,
  signal = new AbortController().signal,
): { events: JobEvent[]; execution: Execution } {
  const events: JobEvent[] = []
  const run = {
    jobId: 'task_x',
    owner: 'anna',
    choice: 0,
    signal,
    emit: (event: JobEvent) => void events.push(event),
    alive: () => {},
    seat: freeSeat,
  }
  const execution =
    request.kind === 'fallbacks'
      ? new FallbackExecutor(oneModel({ claude: none, upstream: executor })).run({ ...run, request })
      : executor.run({ ...run, request })
  return { events, execution }
}

/** Everything that a run says, also behind its outcome. */
async function whole(request: UpstreamRequest | FallbackRequest): Promise<{ types: string[]; outcome: Outcome }> {
  const { events, execution } = begin(request)
  const outcome = await execution.outcome
  await execution.gone
  return { types: events.map(({ type }) => type).filter((type) => type !== 'status'), outcome }
}

await t.test('an answer ends once, although its marker and its last byte are both an end', async (t) => {
  provider.when('R-whole', async (response) => {
    open(response)
    send(response, chunk({ content: 'whole' }), chunk({}, 'stop'), { ...chunk({}), choices: [], usage })
    response.write('data: [DONE]\n\n')
    await sleep(20)
    response.end()
  })
  t.strictSame(await whole(asking('R-whole')), { types: ['text', 'usage'], outcome: { kind: 'finished', reason: 'stop' } })
})

await t.test('an answer that breaks off is a failure', async (t) => {
  provider.when('R-cut', (response) => {
    open(response)
    send(response, chunk({ content: 'half' }))
    response.end()
  })
  t.match(await whole(asking('R-cut')), { types: ['text'], outcome: { kind: 'failed', failure: { code: 'upstream_interrupted' } } })
})

await t.test('the words of a provider come without the secrets', async (t) => {
  provider.when('R-secret', failing(403, { error: { message: `no ${secret} and second-secret here` } }))
  const { outcome } = await whole(asking('R-secret'))
  t.match(outcome, { kind: 'failed', failure: { code: 'upstream_forbidden', message: /no … and … here/ } })
  t.notMatch(JSON.stringify(outcome), /secret/)
})

await t.test('a run that is aborted gives its connection back', async (t) => {
  provider.when('R-hangs', (response) => {
    open(response)
    send(response, chunk({ content: 'one ' }))
  })
  const leaving = new AbortController()
  const { events, execution } = begin(asking('R-hangs'), leaving.signal)
  t.ok(await until(() => events.some(({ type }) => type === 'text')))
  leaving.abort()
  t.match(await execution.outcome, { kind: 'aborted' })
  t.ok(await until(() => provider.of('R-hangs')[0]!.left, 2000))
})

await t.test('another model is asked only where the first has said nothing', async (t) => {
  const second = { name: 'second', run: asking('R-second') }
  const fallbacks = (marker: string) => ({ kind: 'fallbacks' as const, candidates: [{ name: 'first', run: asking(marker) }, second] })
  provider.when('R-second', answer('of the second'))
  provider.when('R-busy', failing(503, 'busy'))
  t.match((await whole(fallbacks('R-busy'))).outcome, { kind: 'finished' })
  t.equal(provider.of('R-second').length, 1)
  const { outcome } = await whole(fallbacks('R-cut'))
  t.match(outcome, { kind: 'failed', failure: { code: 'upstream_interrupted' } })
  t.equal(provider.of('R-second').length, 1, 'not asked behind half an answer')
})
