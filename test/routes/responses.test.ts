/** `/v1/responses`: what goes wrong, who may see what, and what joins two requests. */
import t from 'tap'
import {
  deletedResponseSchema,
  inputItemListSchema,
  responseSchema,
  type ResponseObject,
} from '../../src/openai/responses/response-schemas.js'
import { direct, gate, startBridge, until } from '../helper.js'
import { type Frame, FrameReader, framesOf } from '../helper-sse.js'
import { contains, cutAfter, hang, httpError, message, rateLimited, systemText, text } from '../standin/index.js'

const bridge = await startBridge(t, { direct: 1, env: { API_KEYS: 'one:key-one,two:key-two' }, timing: { commentEveryMs: 400 } })
const { standin } = bridge
const route = '/v1/responses'
const as = (key: string, more: Record<string, string> = {}) => ({ authorization: `Bearer ${key}`, ...more })
const mine = as('key-one')

const ask = (input: unknown, more: object = {}) => ({ model: 'sonnet', input, ...more })
const post = (body: unknown, headers: Record<string, string> = mine, signal?: AbortSignal) => bridge.post(route, body, headers, signal)
const get = (id: string, headers: Record<string, string> = mine) => bridge.get(`${route}/${id}`, headers)
const send = (method: string, path: string, headers: Record<string, string> = mine) => fetch(bridge.url + path, { method, headers })
const made = async (response: Promise<Response>) => (await (await response).json()) as ResponseObject
const callsOf = (marker: string) => standin.calls.filter((call) => contains(call, marker)).length
const dataOf = (frames: Frame[]) =>
  frames.flatMap(({ data }) => (data === undefined ? [] : [JSON.parse(data) as { type: string; sequence_number: number }]))
const taskOf = (response: Response) => response.headers.get('x-bridge-task-id')!

async function ended(id: string): Promise<ResponseObject> {
  await bridge.get(`/tasks/${id.replace('resp_', 'task_')}?wait=30`, mine)
  return made(get(id))
}

await t.test('what fails before the first token is an HTTP error', async (t) => {
  // on a busy machine the CLI may take longer to give up than headers are held otherwise
  const patient = await startBridge(t, { timing: { firstPieceMs: 60_000 } })
  patient.standin.when('Q-400', httpError(400, { message: 'this will not do' }))
  patient.standin.when('Q-429', rateLimited(7))
  const post = (body: object) => patient.post(route, body)
  for (const stream of [false, true]) {
    const bad = await post(ask('Q-400', { stream }))
    t.equal(bad.status, 400)
    t.match(await bad.json(), {
      error: { message: /this will not do/, type: 'invalid_request_error', param: null, code: 'upstream_invalid_request' },
    })
    const limited = await post(ask('Q-429', { stream }))
    t.equal(limited.status, 429)
    t.match(limited.headers.get('retry-after'), /^\d+$/)
    const later = await made(patient.get(`${route}/${taskOf(limited).replace('task_', 'resp_')}`))
    t.match(later, { status: 'failed', error: { code: 'rate_limit_exceeded', message: String }, output: [] })
    t.match(later.bridge?.error, { code: 'rate_limit_exceeded' })
  }
})

await t.test('what fails after it is the last event', async (t) => {
  standin.when('Q-cut', cutAfter(2, 'reset', text(['one ', 'two ', 'three'])))
  const response = await post(ask('Q-cut', { stream: true }))
  t.equal(response.status, 200)
  const frames = await framesOf(response)
  const events = dataOf(frames)
  t.strictSame(
    frames.flatMap(({ event }) => event ?? []),
    events.map(({ type }) => type),
    '`event` is the type',
  )
  t.match(events.at(-1), { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error' } } })
  t.notOk(frames.some(({ data }) => data === '[DONE]'))
})

await t.test('a stream is kept alive from the queue on', async (t) => {
  const { opened, open } = gate()
  standin.when('Q-slow', message('slow', { hold: { afterDeltas: 0, until: opened } }))
  const reader = new FrameReader(await post(ask('Q-slow', { stream: true })))
  t.match(await reader.next(), { event: 'response.created', data: /"status":"in_progress"/ })
  const comments: unknown[] = []
  while (comments.length < 2) {
    const frame = await reader.next()
    if (frame?.comment !== undefined) comments.push(frame.comment)
  }
  open()
  t.match((await reader.all()).at(-1), { event: 'response.completed' })
})

await t.test('a client that leaves takes its response with it, unless that is in the background', async (t) => {
  standin.when('Q-leave', hang(1))
  const reader = new FrameReader(await post(ask('Q-leave', { stream: true })))
  await reader.nextEvent()
  const call = await bridge.asked('Q-leave')
  await reader.cancel()
  await call.ended
  t.equal(call.closed, true)

  const { opened, open } = gate()
  standin.when('Q-stay', message('one two', { hold: { afterDeltas: 1, until: opened } }))
  const response = await post(ask('Q-stay', { stream: true, background: true }))
  const id = taskOf(response).replace('task_', 'resp_')
  const stays = new FrameReader(response)
  t.match(await stays.nextEvent(), { event: 'response.created' })
  await bridge.asked('Q-stay')
  await stays.cancel()
  open()
  t.match(await ended(id), { status: 'completed', output: [{ content: [{ text: 'one two' }] }] })
})

await t.test('every event can be gone on after', async (t) => {
  standin.when('Q-resume', message(text(['Grüße, ', '世界', ' 🙂'])))
  const { id } = await made(post(ask('Q-resume', { background: true })))
  await ended(id)
  const all = await framesOf(await get(`${id}?stream=true`))
  t.strictSame(
    dataOf(all).map((event) => event.sequence_number),
    all.map((_, index) => index),
  )
  for (const after of [...all.keys(), 1000]) {
    t.strictSame(await framesOf(await get(`${id}?stream=true&starting_after=${after}`)), all.slice(after + 1), `after ${after}`)
  }
  for (const query of ['stream=maybe', 'stream=true&starting_after=-1', 'stream=true&starting_after=x']) {
    t.equal((await get(`${id}?${query}`)).status, 400, query)
  }
})

await t.test('what it was made from, and that it belongs to its key', async (t) => {
  standin.when('Q-own', message('mine'))
  const { id } = await made(post(ask('Q-own', { instructions: 'not an item' })))
  const list = inputItemListSchema.parse(await (await get(`${id}/input_items`)).json())
  t.match(list, {
    object: 'list',
    has_more: false,
    data: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Q-own' }] }],
  })
  t.equal(list.first_id, list.data[0]!.id)
  t.equal(list.data.length, 1)
  t.equal((await get(`${id}/input_items?after=nobody`)).status, 404)
  t.equal((await get(`${id}/input_items?limit=0`)).status, 400)

  const other = as('key-two')
  for (const [method, rest] of [
    ['GET', ''],
    ['GET', '?stream=true'],
    ['GET', '/input_items'],
    ['POST', '/cancel'],
    ['DELETE', ''],
  ] as const) {
    const refused = await send(method, `${route}/${id}${rest}`, other)
    t.equal(refused.status, 404, `${method} ${rest}`)
    t.match(await refused.json(), { error: { code: 'response_not_found', type: 'invalid_request_error', param: null } })
  }
  const next = await post(ask('x', { previous_response_id: id }), other)
  t.equal(next.status, 404)
  t.match(await next.json(), { error: { code: 'previous_response_not_found', param: 'previous_response_id' } })
  const item = await post(
    ask([
      { type: 'item_reference', id: id.replace('resp_', 'msg_') + '_0' },
      { role: 'user', content: 'x' },
    ]),
    other,
  )
  t.match(await item.json(), { error: { code: 'item_not_found', param: 'input[0].id' } })
  t.equal((await send('DELETE', `${route}/${id}`, {})).status, 401)
  const deleted = await send('DELETE', `${route}/${id}`)
  t.strictSame(deletedResponseSchema.parse(await deleted.json()), { id, object: 'response', deleted: true })
  t.equal((await get(id)).status, 404)
})

await t.test('what is no response', async (t) => {
  const chat = await bridge.post('/v1/chat/completions', { model: direct, messages: [{ role: 'user', content: 'x' }] }, mine)
  const ids = ['x', 'resp_', 'resp_' + 'a'.repeat(24), '__proto__', '%00', '..%2f', taskOf(chat), taskOf(chat).replace('task_', 'resp_')]
  for (const id of ids) {
    const response = await get(id)
    t.equal(response.status, 404, id)
    t.match(await response.json(), { error: { code: 'response_not_found' } })
    const next = await post(ask('x', { previous_response_id: id }))
    t.match(await next.json(), { error: { code: 'previous_response_not_found' } }, id)
  }
})

await t.test('store: false', async (t) => {
  standin.when('Q-store', message('not kept'))
  const response = await made(post(ask('Q-store', { store: false })))
  t.match(response, { status: 'completed', store: false })
  t.equal((await get(response.id)).status, 404)
  t.equal((await post(ask('x', { previous_response_id: response.id }))).status, 404)
  const refused = await post(ask('x', { store: false, background: true }))
  t.match(await refused.json(), { error: { code: 'invalid_value', param: 'background' } })
})

await t.test('only an answer can be gone on from', async (t) => {
  standin.when('Q-running', hang(1))
  const { id } = await made(post(ask('Q-running', { background: true })))
  const running = await post(ask('x', { previous_response_id: id }))
  t.equal(running.status, 400)
  t.match(await running.json(), { error: { message: /not complete yet/, param: 'previous_response_id' } })
  await bridge.asked('Q-running')
  t.match(await made(send('POST', `${route}/${id}/cancel`)), { status: 'cancelled' })
  const cancelled = await post(ask('x', { previous_response_id: id }))
  t.match(await cancelled.json(), { error: { message: /is cancelled/, code: 'invalid_value' } })
})

await t.test('idempotency keys', async (t) => {
  const { opened, open } = gate()
  standin.when('Q-key', message('once', { hold: { afterDeltas: 0, until: opened } }))
  const headers = as('key-one', { 'idempotency-key': 'r' })
  const asked = Array.from({ length: 5 }, () => post(ask('Q-key'), headers))
  await bridge.asked('Q-key')
  open()
  const bodies = await Promise.all((await Promise.all(asked)).map((response) => response.text()))
  t.equal(new Set(bodies).size, 1)
  t.equal(callsOf('Q-key'), 1)
  t.equal((await post(ask('other'), headers)).status, 422)
  const both = { model: 'sonnet', question: null, messages: null, input: 'Q-key' }
  t.equal((await bridge.post('/v1/chat/completions', { ...both, question: 'x', input: undefined }, headers)).status, 422)
})

await t.test('long instructions are repeated, and kept apart from the record', async (t) => {
  standin.when('Q-long', message('ok'))
  const instructions = `Q-long-rules ${'x'.repeat(100_000)}`
  const { id } = await made(post(ask('Q-long', { instructions, background: true })))
  const response = await ended(id)
  t.equal(response.instructions, instructions)
  const job = await bridge.app.jobs.get(id.replace('resp_', 'task_'), 'one')
  t.ok(JSON.stringify(job!.view).length < 1000)
  t.match(systemText(await bridge.asked('Q-long')), /Q-long-rules/)
  const events = dataOf(await framesOf(await get(`${id}?stream=true`)))
  t.strictSame(events.at(-1), { type: 'response.completed', sequence_number: events.length - 1, response })
})

await t.test('rubbish', async (t) => {
  for (const body of ['', 'x', '[]', 'null', '{"model":"sonnet","input":{}}', '{"model":"sonnet","input":"x","__proto__":{"a":1}}']) {
    const response = await post(body)
    t.equal(response.status, 400, body)
    t.match(await response.json(), { error: { message: String, type: 'invalid_request_error', code: String } })
  }
  t.equal((await send('PUT', `${route}/x`)).status, 404)
})

await t.test('many at once, read while they run', async (t) => {
  standin.when('Q-many', message(text(['a ', 'b ', 'c'])))
  const created = await Promise.all(Array.from({ length: 5 }, () => made(post(ask('Q-many', { background: true })))))
  const read = await Promise.all(
    created.map(async ({ id }) => {
      const [events, response] = await Promise.all([get(`${id}?stream=true`).then(framesOf), ended(id)])
      return [dataOf(events).at(-1), response] as const
    }),
  )
  for (const [last, response] of read) {
    t.match(last, { type: 'response.completed' })
    t.strictSame((last as unknown as { response: object }).response, response)
    t.strictSame(responseSchema.parse(response), response)
  }
  t.ok(await until(() => bridge.app.jobs.stats().running === 0))
})
