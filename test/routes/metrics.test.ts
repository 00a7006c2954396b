/** `GET /metrics`: what Prometheus reads. */
import t from 'tap'
import { ask, startBridge, until } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { hang, httpError, message } from '../standin/index.js'

interface Metrics {
  /** by name and labels, as in the text */
  values: Map<string, number>
  types: Map<string, string>
}

/** Prometheus' text format, version 0.0.4; throws where a line is none of it. Numbers as Go reads them, `Nan` included. */
function parse(text: string): Metrics {
  const values = new Map<string, number>()
  const types = new Map<string, string>()
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\w+) (counter|gauge|histogram|summary)$/.exec(line)
    if (type !== null) types.set(type[1]!, type[2]!)
    if (line === '' || line.startsWith('# ')) continue
    const sample = /^([a-zA-Z_:][\w:]*(?:\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})?) (-?[\d.e+-]+|nan|[+-]inf)$/i.exec(line)
    if (sample === null) throw new Error(`no line of the format: ${line}`)
    if (values.has(sample[1]!)) throw new Error(`twice: ${line}`)
    values.set(sample[1]!, Number(sample[2]!))
  }
  return { values, types }
}

const key = { authorization: 'Bearer key-of-ann' }
const bridge = await startBridge(t, { env: { API_KEYS: 'ann:key-of-ann', MAX_CONCURRENT: '1' } })
const { standin } = bridge

async function read(): Promise<Metrics> {
  const response = await bridge.get('/metrics', key)
  t.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  return parse(await response.text())
}

await t.test('it needs a key where there are keys', async (t) => {
  t.equal((await bridge.get('/metrics')).status, 401)
  t.equal((await bridge.get('/metrics', key)).status, 200)
})

await t.test('at rest', async (t) => {
  const { values, types } = await read()
  t.equal(values.get('bridge_slots'), 1)
  t.equal(values.get('bridge_queue_limit'), 100)
  for (const name of ['bridge_slots_in_use', 'bridge_queue_length', 'bridge_cli_processes', 'bridge_cli_starts_total']) {
    t.equal(values.get(name), 0, name)
  }
  for (const state of ['ready', 'starting', 'parked']) t.equal(values.get(`bridge_warm_processes{state="${state}"}`), 0)
  t.ok(values.get('process_resident_memory_bytes')! > 1e6)
  t.equal(types.get('bridge_first_token_seconds'), 'histogram')
  t.equal(types.get('bridge_http_requests_total'), 'counter')
})

await t.test('jobs and their tokens', async (t) => {
  standin.when('X-yes', message('a b c', { usage: { input_tokens: 7, output_tokens: 3, cache_read_input_tokens: 11 } }))
  standin.when('X-no', httpError(400, { message: 'no' }))
  t.equal((await bridge.post('/v1/chat/completions', ask('X-yes'), key)).status, 200)
  await framesOf(await bridge.post('/v1/chat/completions', ask('X-yes', { stream: true }), key))
  t.equal((await bridge.post('/v1/chat/completions', ask('X-no'), key)).status, 400)
  await bridge.idle()
  const { values } = await read()
  t.equal(values.get('bridge_jobs_total{status="completed"}'), 2)
  t.equal(values.get('bridge_jobs_total{status="failed"}'), 1)
  t.equal(values.get('bridge_job_failures_total{code="upstream_invalid_request"}'), 1)
  t.equal(values.get('bridge_tokens_total{kind="input"}'), 14)
  t.equal(values.get('bridge_tokens_total{kind="output"}'), 6)
  t.equal(values.get('bridge_tokens_total{kind="cache_read"}'), 22)
  t.equal(values.get('bridge_cli_starts_total'), 3)
  t.equal(values.get('bridge_first_token_seconds_count'), 2, 'once an answer, none for one that failed')
  t.equal(values.get('bridge_job_queue_seconds_count'), 3)
  const sum = values.get('bridge_first_token_seconds_sum')!
  t.ok(sum > 0.01 && sum < 120, `${sum} s`)
  const spent = [...values].filter(([name]) => /^bridge_cost_usd_total\{key="(ann|anonymous)",model="claude-/.test(name))
  t.ok(spent.length > 0 && spent.every(([, usd]) => usd > 0), 'by key and model')
  const requests = (status: number) =>
    values.get(`bridge_http_requests_total{method="POST",route="/v1/chat/completions",status="${status}"}`)
  t.equal(requests(200), 2, 'streams count as well')
  t.equal(requests(400), 1)
})

await t.test('work that goes on, and a client that leaves', async (t) => {
  standin.when('X-hang', hang(1))
  const controller = new AbortController()
  const answer = bridge.post('/v1/chat/completions', ask('X-hang'), key, controller.signal)
  await bridge.asked('X-hang')
  const queued = (await (await bridge.post('/tasks', ask('X-behind'), key)).json()) as { id: string }
  const { values } = await read()
  t.equal(values.get('bridge_slots_in_use'), 1)
  t.equal(values.get('bridge_queue_length'), 1)
  t.equal(values.get('bridge_cli_processes'), 1)
  await fetch(`${bridge.url}/tasks/${queued.id}`, { method: 'DELETE', headers: key })
  controller.abort()
  await t.rejects(answer)
  await bridge.idle()
  const after = await read()
  const left = 'bridge_http_requests_total{method="POST",route="/v1/chat/completions",status="499"}'
  t.equal(after.values.get(left), 1)
  t.equal(after.values.get('bridge_jobs_total{status="cancelled"}'), 2)
})

await t.test('nothing of what users send is a label', async (t) => {
  const size = async () => [...(await read()).values.keys()].filter((name) => name.startsWith('bridge_')).length
  const ask404 = (path: string) => bridge.get(path, key)
  await ask404('/nowhere-0')
  await ask404('/tasks/task_secret-0')
  await ask404('/v1/models/secret-0')
  await until(() => false, 50)
  const before = await size()
  for (let each = 1; each < 20; each++) {
    await ask404(`/nowhere-${each}`)
    await ask404(`/tasks/task_secret-${each}`)
    await ask404(`/v1/models/secret-${each}`)
  }
  t.equal(await size(), before)
  const { values } = await read()
  t.equal(values.get('bridge_http_requests_total{method="GET",route="none",status="404"}'), 20)
  t.notMatch([...values.keys()].join('\n'), /secret|nowhere|key-of/)
})
