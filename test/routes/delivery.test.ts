/** One request, three ways to take the result; and what joins two requests. */
import t from 'tap'
import type { Completion, Task } from '../../src/openai/out/response-schemas.js'
import { ask, askDirect, direct, gate, startBridge, until } from '../helper.js'
import { FrameReader, framesOf } from '../helper-sse.js'
import { contains, hang, httpError, lastUserText, message, systemText } from '../standin/index.js'

const bridge = await startBridge(t, { direct: 100 })
const { standin } = bridge
const chat = '/v1/chat/completions'
const callsOf = (marker: string) => standin.calls.filter((call) => contains(call, marker)).length

async function cancel(response: Response): Promise<void> {
  const id = response.headers.get('x-bridge-task-id')!
  await fetch(`${bridge.url}/tasks/${id}/cancel`, { method: 'POST' })
}

await t.test('what users of the old server sent', async (t) => {
  const recursion = 'Explain the concept of recursion in programming.'
  const learning = 'What is machine learning?'
  const system = 'You are a helpful assistant that explains concepts clearly and concisely.'
  const cases: [Record<string, unknown>, RegExp, string][] = [
    [{ question: 'What is the primary function of a CPU in a computer?' }, /CPU|processor/, ''],
    [{ messages: [{ role: 'user', content: recursion }] }, /recursi|calls itself/i, ''],
    [
      {
        messages: [
          { role: 'system', content: system },
          { role: 'user', content: learning },
        ],
      },
      /learn/,
      system,
    ],
  ]
  for (const [body, expected, instructions] of cases) {
    const response = await bridge.post(chat, { model: 'max/text-general', ...body })
    const completion = (await response.json()) as Completion
    t.equal(response.status, 200)
    t.match(completion, { object: 'chat.completion', model: 'max/text-general', bridge: { attempts: 1 } })
    t.match(completion.choices[0]!.message.content, expected)
    t.equal(systemText(standin.calls.at(-1)!), instructions)
    t.ok(lastUserText(standin.calls.at(-1)!).length > 10)
  }
})

await t.test('accepted for later, only where it was asked for', async (t) => {
  standin.when('D-later', hang(0))
  const asked: [string, Record<string, unknown>, Record<string, string>, string | null][] = [
    ['Prefer', {}, { prefer: 'respond-async' }, 'respond-async'],
    ['Prefer among others', {}, { prefer: 'handling=lenient, Respond-Async;x=1' }, 'respond-async'],
    ['background', { background: true }, {}, null],
    ['wait_for_completion', { wait_for_completion: false }, {}, null],
  ]
  for (const [name, more, headers, applied] of asked) {
    const response = await bridge.post(chat, askDirect('D-later', more), headers)
    const task = (await response.json()) as Task
    t.equal(response.status, 202, name)
    t.match(task, { object: 'task', id: /^task_/, background: true }, name)
    t.equal(response.headers.get('location'), `/tasks/${task.id}`, name)
    t.match(response.headers.get('retry-after'), /^\d+$/, name)
    t.equal(response.headers.get('preference-applied'), applied, name)
    await cancel(response)
  }
  standin.when('D-now', message('now'))
  for (const prefer of ['wait=10', 'return=minimal', 'respond-asynchronously']) {
    t.equal((await bridge.post(chat, askDirect('D-now'), { prefer })).status, 200, prefer)
  }
})

await t.test('wait, then poll', async (t) => {
  standin.when('D-soon', message('soon'))
  const done = await bridge.post(chat, askDirect('D-soon'), { prefer: 'respond-async, wait=30' })
  t.equal(done.status, 200)
  t.equal(done.headers.get('preference-applied'), 'respond-async, wait=30')
  t.notOk(done.headers.has('location'))
  t.match(await done.json(), { object: 'chat.completion', choices: [{ message: { content: 'soon' } }] })

  const { opened, open } = gate()
  standin.when('D-long', message('a b', { hold: { afterDeltas: 1, until: opened } }))
  const from = Date.now()
  const going = await bridge.post(chat, askDirect('D-long'), { prefer: 'respond-async, wait=1' })
  t.ok(Date.now() - from >= 990)
  t.equal(going.status, 202)
  t.equal(going.headers.get('preference-applied'), 'respond-async, wait=1')
  const { id } = (await going.json()) as Task
  open()
  t.match(await (await bridge.get(`/tasks/${id}?wait=30`)).json(), { status: 'completed', background: true })

  standin.when('D-wrong', httpError(400))
  const failed = await bridge.post(chat, askDirect('D-wrong'), { prefer: 'respond-async, wait=30' })
  t.equal(failed.status, 400, 'a failure in time is that failure')
})

await t.test('a stream in the background outlives its reader', async (t) => {
  const { opened, open } = gate()
  standin.when('D-stream', message('one two', { hold: { afterDeltas: 1, until: opened } }))
  const response = await bridge.post(chat, askDirect('D-stream', { stream: true, background: true }))
  const id = response.headers.get('x-bridge-task-id')!
  const reader = new FrameReader(response)
  t.match((await reader.nextEvent())?.data, /"role":"assistant"/)
  await reader.cancel()
  open()
  t.match(await (await bridge.get(`/tasks/${id}?wait=30`)).json(), {
    status: 'completed',
    result: { choices: [{ message: { content: 'one two' } }] },
  })
})

await t.test('all three ways give the same answer', async (t) => {
  standin.when('D-same', message(['Grüße, ', '世界', ' 🙂🙂 ', '\n\n```js\n1\n```'].join('')))
  const blocked = (await (await bridge.post(chat, ask('D-same'))).json()) as Completion
  const frames = await framesOf(await bridge.post(chat, ask('D-same', { stream: true })))
  const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame.data!) as { choices: { delta: { content?: string } }[] })
  const task = (await (await bridge.post('/tasks', ask('D-same'))).json()) as Task
  const polled = (await (await bridge.get(`/tasks/${task.id}?wait=30`)).json()) as Task
  const content = blocked.choices[0]!.message.content
  t.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), content)
  t.equal(polled.result!.choices[0]!.message.content, content)
  t.strictSame(frames.at(-1), { data: '[DONE]' })
  t.strictSame(Object.keys(polled.result!), Object.keys(blocked))
})

await t.test('ten identical requests at once are one', async (t) => {
  const { opened, open } = gate()
  standin.when('D-ten', message('once', { hold: { afterDeltas: 0, until: opened } }))
  const headers = { 'idempotency-key': 'ten' }
  const asked = Array.from({ length: 10 }, () => bridge.post(chat, askDirect('D-ten'), headers))
  await bridge.asked('D-ten')
  open()
  const answers = await Promise.all(asked)
  const bodies = await Promise.all(answers.map((answer) => answer.text()))
  t.strictSame(new Set(answers.map((answer) => answer.status)), new Set([200]))
  t.equal(new Set(bodies).size, 1, 'one answer')
  t.equal(new Set(answers.map((answer) => answer.headers.get('x-request-id'))).size, 10, 'ten requests')
  t.equal(callsOf('D-ten'), 1, 'one call upstream')

  const replayed = await bridge.post(
    chat,
    { messages: [{ content: 'D-ten', role: 'user' }], model: direct },
    { 'idempotency-key': '"ten"' },
  )
  t.equal(await replayed.text(), bodies[0], 'later as well; quotes and the order of members do not matter')
  t.equal(callsOf('D-ten'), 1)
})

await t.test('idempotency keys', async (t) => {
  const post = (body: unknown, key: string) => bridge.post(chat, body, { 'idempotency-key': key })
  standin.when('D-key', message('a b c'))
  const stream = () => post(askDirect('D-key', { stream: true }), 'stream')
  const [first, second] = [await framesOf(await stream()), await framesOf(await stream())]
  const said = (frames: { data?: string }[]) => frames.map((frame) => frame.data)
  t.strictSame(said(second), said(first), 'a stream is replayed')
  t.equal(callsOf('D-key'), 1)

  const other = await post(askDirect('D-key', { n: 2 }), 'stream')
  t.equal(other.status, 422)
  t.match(await other.json(), { error: { code: 'idempotency_key_reused', type: 'invalid_request_error' } })

  const recovers = standin.when('D-again', httpError(403))
  t.equal((await post(askDirect('D-again'), 'again')).status, 403)
  recovers()
  standin.when('D-again', message('better'))
  t.equal((await post(askDirect('D-again'), 'again')).status, 200, 'a failure is not replayed')

  for (const key of ['', '""', 'x'.repeat(300)]) {
    t.equal((await post(ask('x'), key)).status, 400, `the key "${key.slice(0, 9)}"`)
  }
})

await t.test('who joins for later keeps the job', async (t) => {
  const { opened, open } = gate()
  standin.when('D-keep', message('kept', { hold: { afterDeltas: 0, until: opened } }))
  const headers = { 'idempotency-key': 'keep' }
  const leaver = new AbortController()
  const left = bridge.post(chat, askDirect('D-keep'), headers, leaver.signal).catch(() => null)
  await bridge.asked('D-keep')
  const later = await bridge.post(chat, askDirect('D-keep'), { ...headers, prefer: 'respond-async' })
  t.equal(later.status, 202)
  const { id } = (await later.json()) as Task
  leaver.abort()
  await left
  open()
  t.match(await (await bridge.get(`/tasks/${id}?wait=30`)).json(), { status: 'completed', background: true })
})

await t.test('one of two joined clients leaves', async (t) => {
  const { opened, open } = gate()
  standin.when('D-join', message('for who stays', { hold: { afterDeltas: 1, until: opened } }))
  const headers = { 'idempotency-key': 'join' }
  const leaver = new AbortController()
  const left = bridge.post(chat, askDirect('D-join'), headers, leaver.signal).catch(() => null)
  const call = await bridge.asked('D-join')
  const requests = () => bridge.logs.filter((line) => line.includes('incoming request') && line.includes(chat)).length
  const before = requests()
  const stays = bridge.post(chat, askDirect('D-join'), headers)
  t.ok(await until(() => requests() > before))
  // health goes through the store as well, so after it the second request has joined
  await bridge.get('/health')
  leaver.abort()
  await left
  await bridge.get('/health')
  open()
  t.match(await (await stays).json(), { choices: [{ message: { content: 'for who stays' } }] })
  t.equal(call.closed, false)
})
