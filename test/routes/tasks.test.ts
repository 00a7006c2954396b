/** `/tasks`: start, read, list, follow, cancel, forget. */
import t from 'tap'
import { taskListSchema, taskSchema, type Task, type TaskList } from '../../src/openai/out/response-schemas.js'
import { ask, direct, gate, promptMs, startBridge } from '../helper.js'
import { type Frame, FrameReader, framesOf } from '../helper-sse.js'
import { hang, httpError, message, text } from '../standin/index.js'

// one slot, so that the second job waits
const bridge = await startBridge(t, { direct: 1, env: { MAX_CONCURRENT: '1' } })
const { standin } = bridge

async function start(marker: string, more: Record<string, unknown> = {}): Promise<Task> {
  const response = await bridge.post('/tasks', ask(marker, more))
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json()) as Task
}

const read = async (id: string, query = ''): Promise<Task> => (await (await bridge.get(`/tasks/${id}${query}`)).json()) as Task
const list = async (query = ''): Promise<TaskList> => (await (await bridge.get(`/tasks${query}`)).json()) as TaskList
const send = (method: string, route: string) => fetch(bridge.url + route, { method })
const numbers = (frames: Frame[]) => frames.filter((frame) => frame.id !== undefined).map((frame) => Number(frame.id))

await t.test('from start to end', async (t) => {
  const { opened, open } = gate()
  standin.when('T-life', message(text(['one ', 'two']), { hold: { afterDeltas: 1, until: opened } }))
  const response = await bridge.post('/tasks', ask('T-life', { metadata: { a: 'b' }, user: 'me' }))
  const task = taskSchema.parse(await response.json())
  t.equal(response.status, 202)
  t.match(Object.fromEntries(response.headers), {
    location: `/tasks/${task.id}`,
    'retry-after': '1',
    'x-bridge-task-id': task.id,
    'x-request-id': /^req_/,
  })
  t.match(task, {
    ...{ id: /^task_\w{24}$/, object: 'task', model: 'sonnet', background: true, metadata: { a: 'b' }, user: 'me' },
    ...{ completed_at: null, expires_at: null, result: null, error: null, usage: null },
    created_at: Number,
    progress: { phase: String, last_activity: Number, characters: 0 },
  })
  t.match(task.status, /^(queued|in_progress)$/)

  await bridge.asked('T-life')
  const going = await bridge.get(`/tasks/${task.id}`)
  t.equal(going.headers.get('retry-after'), '1')
  t.match(await going.json(), { status: 'in_progress', started_at: Number, attempts: 1 })

  const from = Date.now()
  t.equal((await read(task.id, '?wait=0')).status, 'in_progress', 'a wait of nothing')
  t.equal((await read(task.id, '?wait=1')).status, 'in_progress', 'a wait that is too short')
  t.ok(Date.now() - from >= 990, 'it did wait')
  const long = read(task.id, '?wait=60')
  open()
  const done = await long
  t.match(done, {
    ...{ status: 'completed', error: null, progress: null, usage: { total_tokens: Number } },
    ...{ completed_at: Number, expires_at: done.completed_at! + 86_400 },
    result: { object: 'chat.completion', choices: [{ message: { content: 'one two' }, finish_reason: 'stop' }] },
    bridge: { task_id: task.id, attempts: 1, duration_ms: Number, queue_ms: Number },
  })
  t.equal(done.result!.id.replace('chatcmpl-', 'task_'), task.id)
  const again = await bridge.get(`/tasks/${task.id}?wait=60`)
  t.notOk(again.headers.has('retry-after'), 'nothing to come back for')
  t.strictSame(taskSchema.parse(await again.json()), done, 'a final task stays as it is')
})

await t.test('a long poll is let go by its client', async (t) => {
  standin.when('T-poll', hang(1))
  const { id } = await start('T-poll', { model: direct })
  await bridge.asked('T-poll')
  await t.rejects(bridge.get(`/tasks/${id}?wait=60`, {}, AbortSignal.timeout(100)))
  t.equal((await read(id)).status, 'in_progress', 'which is nothing to the task')
  await send('POST', `/tasks/${id}/cancel`)
})

await t.test('events: from the first, live, and after an event', async (t) => {
  const { opened, open } = gate()
  const words = text(['one ', 'two ', 'three'])
  standin.when('T-events', message(words, { hold: { afterDeltas: 2, until: opened } }))
  const { id } = await start('T-events', { model: direct })
  const response = await bridge.get(`/tasks/${id}/events`)
  t.match(Object.fromEntries(response.headers), {
    ...{ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
    ...{ 'x-bridge-task-id': id, 'x-request-id': /^req_/ },
  })
  const live = new FrameReader(response)
  t.match(await live.next(), { retry: /^\d+$/ })
  const seen: Frame[] = []
  for (;;) {
    const frame = (await live.nextEvent())!
    seen.push(frame)
    if (frame.data!.includes('two ')) break
  }
  t.equal((await bridge.asked('T-events')).endedAt, undefined, 'the model has not ended yet')
  // a second reader from the middle, who goes away
  const other = new FrameReader(await bridge.get(`/tasks/${id}/events?starting_after=2`))
  t.equal((await other.nextEvent())!.retry, '1000')
  t.equal((await other.nextEvent())!.id, '3')
  await other.cancel()
  open()
  seen.push(...(await live.all()).filter((frame) => frame.id !== undefined))

  t.strictSame(
    numbers(seen),
    Array.from({ length: seen.length }, (_, index) => index + 1),
    'no gap, no repeat',
  )
  const events = seen.map((frame) => JSON.parse(frame.data!) as Record<string, unknown>)
  t.strictSame(
    events.map((event) => event['type']),
    seen.map((frame) => frame.event),
  )
  t.strictSame(
    events.map((event) => event['sequence_number']),
    numbers(seen),
  )
  t.ok(events.every((event) => event['task_id'] === id))
  t.match(events[0], { type: 'status', status: 'queued' })
  t.match(events.at(-1), { type: 'end', status: 'completed', error: null })
  t.equal(events.flatMap((event) => (event['type'] === 'text' ? [event['text']] : [])).join(''), 'one two three')
  t.equal((await read(id)).sequence_number, seen.length)

  const late = await framesOf(await bridge.get(`/tasks/${id}/events`))
  t.strictSame(late.slice(1), seen, 'who comes late gets the same')
  const resumed = await framesOf(await bridge.get(`/tasks/${id}/events`, { 'last-event-id': '4' }))
  t.strictSame(resumed.slice(1), seen.slice(4))
  const both = await framesOf(await bridge.get(`/tasks/${id}/events?starting_after=1`, { 'last-event-id': '5' }))
  t.strictSame(numbers(both), numbers(seen.slice(5)), 'Last-Event-ID is the newer one of the two')
  const over = await bridge.get(`/tasks/${id}/events`, { 'last-event-id': String(seen.length) })
  t.equal(over.status, 204, 'nothing more will come')
  t.match(over.headers.get('x-request-id'), /^req_/)
  const bad = await bridge.get(`/tasks/${id}/events`, { 'last-event-id': 'abc' })
  t.equal(bad.status, 400)
})

await t.test('cancel: running, queued, twice; delete', async (t) => {
  standin.when('T-cancel', hang(1))
  const running = await start('T-cancel')
  const call = await bridge.asked('T-cancel')
  const queued = await start('T-behind')
  t.match(await read(queued.id), { status: 'queued', started_at: null, progress: { phase: 'queued' } })
  t.match(await (await bridge.get('/health')).json(), { queue: { queued: 1 }, slots: { in_use: 1, total: 1 } })

  const gone = (await (await send('POST', `/tasks/${queued.id}/cancel`)).json()) as Task
  t.match(gone, { id: queued.id, status: 'cancelled', started_at: null, result: null, error: { code: 'cancelled' } })

  const from = Date.now()
  const follower = framesOf(await bridge.get(`/tasks/${running.id}/events`))
  const response = await send('POST', `/tasks/${running.id}/cancel`)
  t.equal(response.status, 200)
  const cancelled = taskSchema.parse(await response.json())
  t.match(cancelled, { status: 'cancelled', error: { code: 'cancelled', param: null }, completed_at: Number })
  await call.ended
  t.equal(call.closed, true)
  await bridge.idle()
  t.ok(Date.now() - from < promptMs, `gone after ${Date.now() - from} ms`)
  t.match((await follower).at(-1), { event: 'end', data: /"status":"cancelled"/ }, 'whoever follows is told')
  t.strictSame(await (await send('POST', `/tasks/${running.id}/cancel`)).json(), cancelled, 'the second time changes nothing')

  const deleted = await send('DELETE', `/tasks/${running.id}`)
  t.equal(deleted.status, 200)
  t.strictSame(await deleted.json(), { id: running.id, object: 'task.deleted', deleted: true })
  for (const [method, rest] of [
    ['GET', ''],
    ['GET', '/events'],
    ['POST', '/cancel'],
    ['DELETE', ''],
  ] as const) {
    t.equal((await send(method, `/tasks/${running.id}${rest}`)).status, 404)
  }

  standin.when('T-delete', hang(1))
  const doomed = await start('T-delete', { model: direct })
  const doomedCall = await bridge.asked('T-delete')
  t.equal((await send('DELETE', `/tasks/${doomed.id}`)).status, 200)
  await doomedCall.ended
  await bridge.idle()
  t.equal((await bridge.get(`/tasks/${doomed.id}`)).status, 404)
  t.notOk((await list('?limit=100')).data.some((task) => task.id === doomed.id))
})

await t.test('a failed task says why', async (t) => {
  standin.when('T-fail', httpError(400, { message: 'this will not do' }))
  const { id } = await start('T-fail', { model: direct })
  t.match(await read(id, '?wait=30'), {
    ...{ status: 'failed', result: null, progress: null },
    error: {
      message: /this will not do/,
      type: 'invalid_request_error',
      param: null,
      code: 'upstream_invalid_request',
    },
  })
})

await t.test('lists', async (t) => {
  standin.when('T-list', message('x'))
  const ids: string[] = []
  for (const model of ['max/list', 'max/list', 'max/other']) ids.push((await start('T-list', { model })).id)
  for (const id of ids) await read(id, '?wait=30')

  const first = taskListSchema.parse(await list('?limit=2'))
  t.match(first, { object: 'list', has_more: true, first_id: ids[2]!, last_id: ids[1]! })
  t.strictSame(
    first.data.map((task) => task.id),
    [ids[2], ids[1]],
    'the newest first',
  )
  t.equal((await list(`?limit=1&after=${ids[1]}`)).data[0]!.id, ids[0])
  t.strictSame(
    (await list('?model=max/list')).data.map((task) => task.id),
    [ids[1], ids[0]],
  )
  t.match(await list('?model=nobody'), { object: 'list', data: [], first_id: null, last_id: null, has_more: false })
  const failed = await list('?status=failed')
  t.ok(failed.data.length > 0 && failed.data.every((task) => task.status === 'failed'))
  const oldest = (await list('?order=asc&limit=100')).data
  t.strictSame(
    oldest.map((task) => task.id).reverse(),
    (await list('?limit=100')).data.map((task) => task.id),
  )

  const paged: string[] = []
  for (let after = ''; ; ) {
    const page = await list(`?limit=3${after}`)
    paged.push(...page.data.map((task) => task.id))
    if (!page.has_more) break
    after = `&after=${page.last_id}`
  }
  t.strictSame(
    paged.reverse(),
    oldest.map((task) => task.id),
    'pages hold everything once',
  )
})
