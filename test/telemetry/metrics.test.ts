/** Metrics as an OTLP receiver gets them: those of `/metrics`, and those of the conventions for generative AI. */
import t from 'tap'
import { ask, startBridge, until } from '../helper.js'
import { httpError, message } from '../standin/index.js'
import { answer, startProvider } from '../upstreams/provider.js'
import { startReceiver } from './receiver.js'

t.setTimeout(240_000)
const receiver = await startReceiver(t)
const provider = await startProvider(t)
const chat = '/v1/chat/completions'
const bridge = await startBridge(t, {
  env: {
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_METRIC_EXPORT_INTERVAL: '100', OTEL_TRACES_EXPORTER: 'none' },
    UPSTREAMS: JSON.stringify({ acme: { base_url: provider.url, models: ['big-model'] } }),
  },
})

const duration = 'gen_ai.client.operation.duration'
const pointsOf = (name: string) => receiver.metrics.get(name)?.points ?? []
const ofModel = (name: string, model: string) => pointsOf(name).filter(({ attributes }) => attributes['gen_ai.request.model'] === model)

await t.test('calls of models, by the conventions', async (t) => {
  bridge.standin.when('M-said', message('THE-ANSWER'))
  t.equal((await bridge.post(chat, ask('M-said THE-PROMPT'))).status, 200)
  provider.when('M-provider', answer('from the provider'))
  t.equal((await bridge.post(chat, { ...ask('M-provider'), model: 'acme/big-model' })).status, 200)
  t.ok(await until(() => ofModel(duration, 'big-model').length > 0 && ofModel(duration, 'sonnet').length > 0))
  const [call] = ofModel(duration, 'sonnet')
  t.match(call, { attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic' }, count: 1 })
  t.ok(call!.sum! > 0 && call!.sum! < 60, 'seconds')
  t.equal(receiver.metrics.get(duration)?.unit, 's')
  t.match(ofModel(duration, 'big-model'), [{ attributes: { 'gen_ai.provider.name': 'acme' }, count: 1 }])
  t.equal(ofModel('gen_ai.client.operation.time_to_first_chunk', 'sonnet').length, 1)
  const used = ofModel('gen_ai.client.token.usage', 'sonnet')
  t.strictSame(used.map(({ attributes }) => attributes['gen_ai.token.type']).sort(), ['input', 'output'])
  t.equal(receiver.spans.length, 0, 'traces are switched off by themselves')
  t.match(receiver.metricsResource, { 'service.name': 'claude-bridge' })
})

await t.test('a call that fails says how', async (t) => {
  bridge.standin.when('M-fails', httpError(400))
  const response = await bridge.post(chat, ask('M-fails'))
  t.ok(response.status >= 400)
  const { error } = (await response.json()) as { error: { code: string } }
  const failed = () => pointsOf(duration).find(({ attributes }) => attributes['error.type'] !== undefined)
  t.ok(await until(() => failed() !== undefined))
  t.equal(failed()!.attributes['error.type'], error.code)
})

await t.test('what /metrics shows, with the same numbers', async (t) => {
  const shown = async () => (await (await bridge.get('/metrics')).text()).split('\n')
  const jobs = () => pointsOf('bridge_jobs_total').find(({ attributes }) => attributes['status'] === 'completed')
  t.ok(await until(() => jobs()?.asDouble === 2))
  t.ok((await shown()).includes('bridge_jobs_total{status="completed"} 2'))
  t.match(receiver.metrics.get('bridge_jobs_total'), { kind: 'sum' })
  t.match(receiver.metrics.get('bridge_slots'), { kind: 'gauge', points: [{ asDouble: Number }] })

  t.ok(await until(() => Number(pointsOf('bridge_overhead_seconds')[0]?.count) === 2))
  const [point] = pointsOf('bridge_overhead_seconds')
  t.equal(receiver.metrics.get('bridge_overhead_seconds')?.unit, 's')
  const below = (await shown())
    .filter((line) => line.startsWith('bridge_overhead_seconds_bucket'))
    .map((line) => Number(line.split(' ')[1]))
  const counts = point!.bucketCounts!.map(Number)
  t.strictSame(
    counts.map((_, index) => counts.slice(0, index + 1).reduce((a, b) => a + b)),
    below,
    'each bucket counts for itself here, and with all below it there',
  )
  t.equal(point!.explicitBounds!.length, below.length - 1)
})

await t.test('no prompt, answer or key', async (t) => {
  t.notMatch(JSON.stringify([...receiver.metrics]), /THE-PROMPT|THE-ANSWER/)
  const before = receiver.metricsCount
  t.ok(await until(() => receiver.metricsCount > before), 'they come again and again')
})
