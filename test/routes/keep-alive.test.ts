/** Long silences: comments in a stream, white space before a blocking answer, and what a failure looks like then. */
import t from 'tap'
import { Agent, fetch as undiciFetch } from 'undici'
import type { Completion } from '../../src/openai/out/response-schemas.js'
import { clientOf, errorOf, question, streamed, textOf } from '../clients/openai.js'
import { ask, askDirect, direct, gate, startBridge, until } from '../helper.js'
import { FrameReader } from '../helper-sse.js'
import { cutAfter, hang, httpError, message } from '../standin/index.js'

const timing = { commentEveryMs: 60, firstPieceMs: 60, paddingAfterMs: 150, paddingEveryMs: 60, stallMs: 500 }
const bridge = await startBridge(t, { direct: 1, timing, env: { MAX_CONCURRENT: '1' } })
const { standin } = bridge
const chat = '/v1/chat/completions'

async function occupy(marker: string, body = askDirect(marker)): Promise<() => Promise<void>> {
  standin.when(marker, hang(0))
  const { id } = (await (await bridge.post('/tasks', body)).json()) as { id: string }
  await bridge.asked(marker)
  return async () => {
    await fetch(`${bridge.url}/tasks/${id}/cancel`, { method: 'POST' })
  }
}

await t.test('a stream is alive from the queue on', async (t) => {
  const release = await occupy('K-slot', ask('K-slot'))
  const { opened, open } = gate()
  standin.when('K-queue', message('one two', { hold: { afterDeltas: 1, until: opened } }))
  const response = await bridge.post(chat, ask('K-queue', { stream: true }))
  t.equal(response.status, 200)
  const reader = new FrameReader(response)
  t.match((await reader.next())?.data, /"role":"assistant"/, 'the role first, while the job waits')
  for (let comments = 0; comments < 3; comments++) t.strictSame(await reader.next(), { comment: 'keep-alive' })
  t.match(await (await bridge.get('/health')).json(), { queue: { queued: 1 } })
  await release()
  for (;;) if ((await reader.nextEvent())?.data?.includes('one')) break
  t.strictSame(await reader.next(), { comment: 'keep-alive' }, 'and in the middle of an answer')
  open()
  const rest = (await reader.all()).filter((frame) => frame.comment === undefined)
  t.match(rest, [{ data: /two/ }, { data: /"finish_reason":"stop"/ }, { data: '[DONE]' }])
})

await t.test('events of a task are alive as well', async (t) => {
  const release = await occupy('K-events')
  const { data } = (await (await bridge.get('/tasks?limit=1')).json()) as { data: { id: string }[] }
  const reader = new FrameReader(await bridge.get(`/tasks/${data[0]!.id}/events`))
  let comments = 0
  while (comments < 3) if ((await reader.next())?.comment === 'keep-alive') comments++
  await release()
  t.match((await reader.all()).at(-1), { event: 'end' })
})

await t.test('clients read through it', async (t) => {
  const { opened, open } = gate()
  standin.when('K-client', message('one two', { hold: { afterDeltas: 0, until: opened } }))
  const chunks = []
  const stream = await clientOf(bridge).chat.completions.create(streamed('K-client', { model: direct }))
  for await (const chunk of stream) {
    chunks.push(chunk)
    if (chunk.choices[0]?.delta.role !== undefined) setTimeout(open, 200)
  }
  t.equal(textOf(chunks), 'one two')
})

await t.test('a blocking answer survives the limits of its client', async (t) => {
  // far below the time that the answer takes, as 300 s are in real life
  const dispatcher = new Agent({ headersTimeout: 2000, bodyTimeout: 2000 })
  t.teardown(() => dispatcher.close())
  const { opened, open } = gate()
  standin.when('K-block', message('at last', { hold: { afterDeltas: 0, until: opened } }))
  const asked = undiciFetch(bridge.url + chat, {
    ...{
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(askDirect('K-block')),
      dispatcher,
    },
  })
  await bridge.asked('K-block')
  setTimeout(open, 4500)
  const response = await asked
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json/)
  t.match(response.headers.get('x-bridge-task-id'), /^task_/)
  t.match(response.headers.get('x-request-id'), /^req_/)
  const body = await response.text()
  t.match(body, /^ {10,}\{/, 'white space, then the answer')
  t.match(JSON.parse(body) as Completion, { choices: [{ message: { content: 'at last' } }] })

  standin.when('K-sdk', message('late', { pace: { headersDelayMs: 400 } }))
  const completion = await clientOf(bridge).chat.completions.create(question('K-sdk', { model: direct }))
  t.equal(completion.choices[0]!.message.content, 'late')
})

await t.test('a failure after the white space is no answer', async (t) => {
  standin.when('K-fail', httpError(403, { delayMs: 400 }))
  const response = await bridge.post(chat, askDirect('K-fail'))
  t.equal(response.status, 200)
  t.ok(await errorOf(response.text()), 'the connection breaks')
  const task = await bridge.get(response.headers.get('location')!)
  t.match(
    await task.json(),
    { id: response.headers.get('x-bridge-task-id'), status: 'failed', error: { message: /\w/ } },
    'its head says where to look',
  )
  t.ok(await errorOf(clientOf(bridge).chat.completions.create(question('K-fail', { model: direct }))), 'and the SDK throws')

  standin.when('K-cancel', hang(1))
  const waiting = await bridge.post(chat, askDirect('K-cancel'))
  await bridge.asked('K-cancel')
  await fetch(`${bridge.url}/tasks/${waiting.headers.get('x-bridge-task-id')}`, { method: 'DELETE' })
  t.ok(await errorOf(waiting.text()), 'a task that is deleted meanwhile')
})

await t.test('a failure before it has its status', async (t) => {
  standin.when('K-early', httpError(400))
  const slow = await startBridge(t, { env: { ANTHROPIC_BASE_URL: standin.url } })
  t.equal((await slow.post(chat, ask('K-early'))).status, 400)
})

await t.test('what cannot be read any more ends the connection, not only the log', async (t) => {
  const { jobs } = bridge.app
  const read = jobs.read.bind(jobs)
  standin.when('K-store', hang(1))
  jobs.read = async function* () {
    yield [{ seq: 1, at: 0, event: { type: 'text', choice: 0, text: 'begun' } }]
    throw new Error('the disk is full')
  }
  t.teardown(() => (jobs.read = read))
  const error = await errorOf(
    (async () => {
      for await (const chunk of await clientOf(bridge).chat.completions.create(streamed('K-store', { model: direct }))) void chunk
    })(),
  )
  t.match(error, { code: 'internal_error' }, 'the stream ends with an error')
  const { data } = (await (await bridge.get('/tasks?limit=1')).json()) as { data: { id: string }[] }
  const events = await bridge.get(`/tasks/${data[0]!.id}/events`)
  t.ok(await errorOf(events.text()), 'events break off, so that their reader comes back')
  jobs.read = read
  const logged = bridge.logs.findIndex((line) => line.includes('the disk is full'))
  t.ok(logged !== -1, 'and the log says why')
  // it was meant to be logged
  bridge.logs.splice(0)
  t.ok(await until(() => bridge.app.jobs.stats('network').running === 0), 'the job went with its reader')
})

await t.test('a stream broken upstream while it was silent', async (t) => {
  const { opened, open } = gate()
  standin.when('K-cut', cutAfter(1, 'reset', 'one two', { until: opened }))
  const response = await bridge.post(chat, ask('K-cut', { stream: true }))
  const reader = new FrameReader(response)
  while ((await reader.next())?.comment === undefined);
  open()
  const frames = (await reader.all()).filter((frame) => frame.comment === undefined)
  t.match(frames.slice(-2), [{ data: /"error":\{"message"/ }, { data: '[DONE]' }])
  t.notMatch(JSON.stringify(frames), /finish_reason\\":\\"/, 'and no finish')
})
