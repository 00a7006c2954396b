/** The log of a server at work: one line for each job's end, the cause of each fault of ours, and nothing that anybody has said. */
import t, { type Test } from 'tap'
import type { JobStore } from '../../src/jobs/store.js'
import type { Task } from '../../src/openai/out/response-schemas.js'
import { statusesIn } from '../jobs/faulty-store.js'
import { ask, askDirect, direct, startBridge, until } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { hang, httpError, message } from '../standin/index.js'

const secret = 'secret-key-of-ann'
const key = { authorization: `Bearer ${secret}` }
const bridge = await startBridge(t, { direct: 1, env: { API_KEYS: `ann:${secret}` } })
const { standin, logs } = bridge
const chat = '/v1/chat/completions'
/** in every prompt, and in every answer */
const [prompt, answer] = ['WORDS-OF-THE-PROMPT', 'WORDS-OF-THE-ANSWER']

interface Line {
  level: number
  msg: string
  [member: string]: unknown
}

const lines = (): Line[] => logs.map((line) => JSON.parse(line) as Line)
const endsOf = (requestId: string) => lines().filter(({ msg, request_id }) => msg === 'job ended' && request_id === requestId)
/** Every line so far, those that a test takes out as well. */
const all: string[] = []

const usage = { input_tokens: 7, output_tokens: 3, cache_read_input_tokens: 11, cache_creation_input_tokens: 5 }

/** The one end line of a request's job, with every field. */
async function endLine(t: Test, requestId: string, expected: Record<string, unknown>): Promise<Line> {
  await until(() => endsOf(requestId).length > 0)
  await bridge.idle()
  const ends = endsOf(requestId)
  t.equal(ends.length, 1, 'one end line')
  const ofPino = ['level', 'time', 'pid', 'hostname', 'msg']
  const fields = Object.fromEntries(Object.entries(ends[0]!).filter(([name]) => !ofPino.includes(name)))
  t.equal(ends[0]!.level, 30)
  t.match(fields, { task: /^task_\w{24}$/, request_id: requestId, owner: 'ann', ...expected })
  const names = ['task', 'request_id', 'owner', 'model', 'status', 'code', 'queue_ms', 'first_token_ms', 'total_ms', 'tokens']
  t.strictSame(Object.keys(fields), names, 'every field, and no other')
  const [queue, first, total] = [fields['queue_ms'], fields['first_token_ms'], fields['total_ms']] as [number, number | null, number]
  t.ok(0 <= queue && queue <= total && Number.isInteger(total), `waited ${queue} of ${total} ms`)
  if (first !== null) t.ok(queue <= first && first <= total, `first token after ${first} ms`)
  return ends[0]!
}

/** Takes the lines at `error` out of the log, whose end is to have none. */
function takeErrors(): Line[] {
  const errors = lines().filter(({ level }) => level >= 50)
  all.push(...logs)
  const rest = logs.filter((line) => (JSON.parse(line) as Line).level < 50)
  logs.splice(0, logs.length, ...rest)
  return errors
}

/** A request with an id of its own, and a query that holds what is nobody's business. */
function post(id: string, body: unknown, route = chat, signal?: AbortSignal) {
  return bridge.post(`${route}?token=${secret}`, body, { ...key, 'x-request-id': id, 'idempotency-key': `${secret}-${id}` }, signal)
}

for (const [kind, asked, model] of [
  ['the CLI', ask, 'sonnet'],
  ['a provider', askDirect, direct],
] as const) {
  await t.test(`success, of ${kind}`, async (t) => {
    const id = `req-done-${model}`
    standin.when(id, message(answer, { usage }))
    const response = await post(id, asked(`${prompt} ${id}`))
    t.equal(response.status, 200)
    t.equal(response.headers.get('x-request-id'), id)
    const { task } = await endLine(t, id, {
      model,
      status: 'completed',
      code: null,
      first_token_ms: Number,
      tokens: { input: Number, output: 3 },
    })
    t.equal(response.headers.get('x-bridge-task-id'), task)
  })
}

await t.test('a stream, and a call over MCP', async (t) => {
  standin.when('req-stream', message(answer, { usage }))
  await framesOf(await post('req-stream', askDirect(`${prompt} req-stream`, { stream: true })))
  await endLine(t, 'req-stream', { status: 'completed', code: null, first_token_ms: Number, tokens: Object })

  standin.when('req-mcp', message(answer, { usage }))
  const params = { name: 'ask', arguments: { model: direct, question: `${prompt} req-mcp` } }
  const called = await post('req-mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, '/mcp')
  t.match(await called.text(), answer)
  await endLine(t, 'req-mcp', { model: direct, status: 'completed', code: null, first_token_ms: Number, tokens: Object })
})

await t.test('a request without an id of its own', async (t) => {
  standin.when('req-none', message(answer))
  const response = await bridge.post(chat, askDirect(`${prompt} req-none`), key)
  const id = response.headers.get('x-request-id')!
  t.match(id, /^req_/)
  await endLine(t, id, { status: 'completed' })
  t.ok(
    lines().some(({ reqId, msg }) => reqId === id && msg === 'incoming request'),
    "the request's own lines have it as well",
  )
})

await t.test('failure', async (t) => {
  standin.when('req-failed', httpError(400, { message: answer }))
  t.equal((await post('req-failed', askDirect(`${prompt} req-failed`))).status, 400)
  await endLine(t, 'req-failed', { status: 'failed', code: 'upstream_invalid_request', first_token_ms: null, tokens: null })
})

await t.test('cancel: one at work, and one in the queue', async (t) => {
  standin.when('req-cancel', hang(1, 0, answer))
  const { id } = (await (await post('req-cancel', askDirect(`${prompt} req-cancel`), '/tasks')).json()) as Task
  await bridge.asked('req-cancel')
  const waiting = (await (await post('req-waits', askDirect(`${prompt} req-waits`), '/tasks')).json()) as Task
  await until(() => bridge.app.jobs.progress(id)?.phase === 'answering')
  for (const task of [waiting.id, id]) t.equal((await bridge.post(`/tasks/${task}/cancel`, '', key)).status, 200)
  await endLine(t, 'req-cancel', { status: 'cancelled', code: 'cancelled', first_token_ms: Number })
  const waits = await endLine(t, 'req-waits', { status: 'cancelled', code: 'cancelled', first_token_ms: null, tokens: null })
  t.equal(waits['queue_ms'], waits['total_ms'])
})

await t.test('a client that left', async (t) => {
  standin.when('req-left', hang(1, 0, answer))
  const controller = new AbortController()
  const left = post('req-left', ask(`${prompt} req-left`), chat, controller.signal).catch(() => null)
  await bridge.asked('req-left')
  controller.abort()
  await left
  await endLine(t, 'req-left', { model: 'sonnet', status: 'cancelled', code: 'cancelled' })
})

await t.test('a failed check', async (t) => {
  standin.when('req-check', message(answer, { usage }))
  const check = { validation: [{ type: 'json_string' }], retry_config: { max_attempts: 1 } }
  t.equal((await post('req-check', askDirect(`${prompt} req-check`, check))).status, 422)
  await endLine(t, 'req-check', { status: 'failed', code: 'validation_failed', first_token_ms: null, tokens: { output: 3 } })
})

/** Makes writes of the job's events fail while `work` goes on. */
async function onFullDisk(fails: (statuses: string[]) => boolean, work: () => Promise<unknown>): Promise<void> {
  const store = (bridge.app.jobs as unknown as { store: JobStore }).store
  const append = store.append.bind(store)
  store.append = async (writes, how) => {
    if (fails(statusesIn(writes))) throw new Error('disk full')
    return append(writes, how)
  }
  await work()
  store.append = append
}

await t.test('a failed write: of the start, and of the answer', async (t) => {
  standin.when('req-write', hang(1, 0, answer))
  for (const [id, fails] of [
    ['req-start', (statuses: string[]) => statuses.includes('in_progress')],
    ['req-write', (statuses: string[]) => statuses.length === 0],
  ] as const) {
    await onFullDisk(fails, async () => t.equal((await post(id, askDirect(`${prompt} ${id}`))).status, 500))
    const { task } = await endLine(t, id, { status: 'failed', code: 'internal_error' })
    const causes = takeErrors()
    t.match(causes, [{ level: 50, task, err: { type: 'Error', message: 'disk full', stack: /at / } }], 'its cause, in a line of its own')
    t.equal(causes.length, 1)
  }
})

await t.test('an end that cannot be stored', async (t) => {
  standin.when('req-unstored', message(answer, { usage }))
  await onFullDisk(
    (statuses) => statuses.includes('completed'),
    async () => t.equal((await post('req-unstored', askDirect(`${prompt} req-unstored`))).status, 200),
  )
  const { task } = await endLine(t, 'req-unstored', { status: 'completed', code: null, first_token_ms: Number, tokens: { output: 3 } })
  t.match(takeErrors(), [{ level: 50, task, msg: /could not be stored/, err: { message: 'disk full' } }])
})

await t.test('probes are at `debug`, unless they fail', async (t) => {
  const before = lines().length
  for (const route of ['/health', '/health/ready', '/health/', '/metrics']) {
    t.equal((await bridge.get(`${route}?probe=${secret}`, key)).status, 200)
  }
  await until(
    () =>
      lines()
        .slice(before)
        .filter(({ msg }) => msg === 'request completed').length === 4,
  )
  t.ok(
    lines()
      .slice(before)
      .every(({ level }) => level === 20),
  )
  const after = lines().length
  t.equal((await bridge.get('/metrics')).status, 401)
  await until(() =>
    lines()
      .slice(after)
      .some(({ msg }) => msg === 'request completed'),
  )
  t.match(
    lines().filter(({ level, msg }, index) => index >= after && level >= 30 && msg === 'request completed'),
    [{ level: 30, req: { method: 'GET', url: '/metrics' }, res: { statusCode: 401 } }],
  )
})

await t.test('a URL that cannot be read', async (t) => {
  t.equal((await bridge.get(`/%E0%A4%A?token=${secret}`, key)).status, 400)
  t.equal((await bridge.get(`/nowhere?token=${secret}`, key)).status, 404)
  t.ok(await until(() => lines().some((line) => (line['req'] as { url?: string } | undefined)?.url === '/nowhere')))
})

await t.test('no line has a key, a query, a prompt or an answer', async (t) => {
  await bridge.idle()
  all.push(...logs)
  t.ok(all.length > 40, `${all.length} lines`)
  const said = [secret, prompt, answer, 'token=', 'probe=', 'sk-ant', 'Bearer']
  for (const words of said) {
    t.strictSame(
      all.filter((line) => line.includes(words)),
      [],
      words,
    )
  }
})
