/** The official client takes responses: blocking, streamed, in the background, and in a conversation that goes on. */
import type OpenAI from 'openai'
import t from 'tap'
import { gate, startBridge } from '../helper.js'
import { type RecordedRequest, hang, lastUserText, message, systemText, text, thinking } from '../standin/index.js'
import { clientOf, errorOf } from './openai.js'

const bridge = await startBridge(t)
const { standin } = bridge
const client = clientOf(bridge)
const model = 'sonnet'

type Event = OpenAI.Responses.ResponseStreamEvent

const usage = { input_tokens: 11, output_tokens: 22, cache_read_input_tokens: 33, cache_creation_input_tokens: 44 }
const openaiUsage = {
  input_tokens: 88,
  input_tokens_details: { cached_tokens: 33 },
  output_tokens: 22,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 110,
}

async function collect(stream: AsyncIterable<Event>): Promise<Event[]> {
  const events: Event[] = []
  for await (const event of stream) events.push(event)
  return events
}

/** Role and content of what was said; the CLI adds an empty message of its own. */
const wordsOf = (call: RecordedRequest) =>
  (call.body.messages ?? [])
    .filter(({ role }) => role !== 'system')
    .map(({ role, content }) => [role, typeof content === 'string' ? content : JSON.stringify(content)])

await t.test('create', async (t) => {
  standin.when('R-create', message('Hello there.', { usage, model: 'claude-sonnet-5-5' }))
  const { data, response } = await client.responses
    .create({
      ...{ model, input: 'R-create', instructions: 'Be kind.', max_output_tokens: 500, temperature: 0.2 },
      ...{ metadata: { team: 'red' }, user: 'me', reasoning: { effort: 'low' } },
    })
    .withResponse()
  t.match(data, {
    ...{ id: /^resp_[A-Za-z0-9]{24}$/, object: 'response', status: 'completed', model, background: false },
    ...{ created_at: Number, completed_at: Number, error: null, incomplete_details: null, output_text: 'Hello there.' },
    ...{ instructions: 'Be kind.', max_output_tokens: 500, temperature: 0.2, top_p: 1, metadata: { team: 'red' }, user: 'me' },
    ...{ parallel_tool_calls: true, previous_response_id: null, reasoning: { effort: 'low', summary: null }, store: true },
    ...{ text: { format: { type: 'text' } }, tool_choice: 'auto', tools: [], truncation: 'disabled', usage: openaiUsage },
    bridge: { task_id: data.id.replace('resp_', 'task_'), ignored: ['temperature'], model: 'claude-sonnet-5-5', error: null },
  })
  t.strictSame(data.output, [
    {
      ...{ id: data.id.replace('resp_', 'msg_') + '_0', type: 'message', status: 'completed', role: 'assistant' },
      content: [{ type: 'output_text', text: 'Hello there.', annotations: [], logprobs: [] }],
    },
  ])
  t.match(Object.fromEntries(response.headers), {
    'x-bridge-task-id': data.id.replace('resp_', 'task_'),
    'x-bridge-ignored': 'temperature',
    'x-request-id': /^req_/,
  })
  const call = await bridge.asked('R-create')
  t.equal(systemText(call), 'Be kind.')
  t.strictSame(await client.responses.retrieve(data.id), data, 'what is retrieved is what was answered')
  const task = (await (await bridge.get(`/tasks/${data.id.replace('resp_', 'task_')}`)).json()) as object
  t.match(task, { status: 'completed', result: { choices: [{ message: { content: 'Hello there.' } }] } }, 'and is a task')
})

await t.test('tokens arrive as they are made', async (t) => {
  const { opened, open } = gate()
  standin.when('R-live', message([thinking(['let ', 'me']), text(['one ', 'two'])], { hold: { afterDeltas: 4, until: opened } }))
  const events: Event[] = []
  for await (const event of await client.responses.create({ model, input: 'R-live', stream: true })) {
    events.push(event)
    if (event.type === 'response.output_text.delta' && event.delta === 'one ') open()
  }
  t.strictSame(
    events.map(({ type }) => type.replace('response.', '')),
    [
      ...['created', 'in_progress'],
      ...['output_item.added', 'reasoning_summary_part.added'],
      ...['reasoning_summary_text.delta', 'reasoning_summary_text.delta'],
      ...['reasoning_summary_text.done', 'reasoning_summary_part.done', 'output_item.done'],
      ...['output_item.added', 'content_part.added', 'output_text.delta', 'output_text.delta'],
      ...['output_text.done', 'content_part.done', 'output_item.done', 'completed'],
    ],
  )
  t.strictSame(
    events.map((event) => event.sequence_number),
    events.map((_, index) => index),
  )
  const last = events.at(-1) as OpenAI.Responses.ResponseCompletedEvent
  const retrieved = await client.responses.retrieve(last.response.id)
  t.strictSame({ ...last.response, output_text: 'one two' }, retrieved)
})

await t.test('the stream helper makes the blocking answer of the events', async (t) => {
  standin.when('R-helper', message([thinking(['let ', 'me']), text('Grüße, 世界 🙂🙂')], { usage }))
  const deltas: string[] = []
  const stream = client.responses.stream({ model, input: 'R-helper' })
  stream.on('response.output_text.delta', (event) => deltas.push(event.delta))
  const streamed = await stream.finalResponse()
  const blocked = await client.responses.create({ model, input: 'R-helper' })
  t.equal(deltas.join(''), 'Grüße, 世界 🙂🙂')
  t.equal(streamed.output_text, blocked.output_text)
  // ids aside, and the client's own additions
  const plain = (output: unknown, id: string) =>
    (JSON.parse(JSON.stringify(output).replaceAll(id.replace('resp_', ''), 'ID')) as Record<string, unknown>[]).map(
      (item) => JSON.parse(JSON.stringify(item, (key, value: unknown) => (key === 'parsed' ? undefined : value))) as object,
    )
  t.strictSame(plain(streamed.output, streamed.id), plain(blocked.output, blocked.id))
  t.strictSame(
    blocked.output.map((item) => item.type),
    ['reasoning', 'message'],
  )
  t.match(blocked.output[0], { summary: [{ type: 'summary_text', text: 'let me' }] })
  t.match(streamed.usage, { ...openaiUsage, output_tokens_details: { reasoning_tokens: 2 } })
})

await t.test('items of every kind reach the model', async (t) => {
  standin.when('R-items', message('ok'))
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  await client.responses.create({
    model,
    input: [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: 'First' },
      { type: 'reasoning', id: 'rs_1', summary: [] },
      {
        ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
        content: [{ type: 'output_text', text: 'Second', annotations: [] }],
      },
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'R-items' },
          { type: 'input_image', image_url: `data:image/png;base64,${png}`, detail: 'auto' },
        ],
      },
    ],
  })
  const call = await bridge.asked('R-items')
  t.match(systemText(call), /Be brief\./)
  const said = wordsOf(call)
  t.strictSame(
    said.map(([role]) => role),
    ['user', 'assistant', 'user'],
  )
  t.match(said[0]![1], /First/)
  t.match(said[1]![1], /Second/)
  t.match(said[2]![1], /R-items.*image\/png/)
})

await t.test('a conversation goes on', async (t) => {
  standin.when('R-first', message('My name is Claude.'))
  standin.when('R-second', message('I said so.'))
  standin.when('R-third', message('Again.'))
  const first = await client.responses.create({ model, input: 'R-first', instructions: 'OLD RULES' })
  const second = await client.responses.create({
    ...{ model, previous_response_id: first.id, instructions: 'NEW RULES' },
    input: [{ role: 'user', content: 'R-second' }],
  })
  t.equal(second.previous_response_id, first.id)
  const call = await bridge.asked('R-second')
  t.match(systemText(call), /NEW RULES/)
  t.notMatch(systemText(call), /OLD RULES/)
  t.strictSame(
    wordsOf(call).map(([role]) => role),
    ['user', 'assistant', 'user'],
  )
  t.match(wordsOf(call)[1]![1], /My name is Claude\./)
  const third = await client.responses.create({ model, previous_response_id: second.id, input: 'R-third', stream: true })
  await collect(third)
  const later = await bridge.asked('R-third')
  t.equal(systemText(later), '', 'no instructions at all')
  t.strictSame(
    wordsOf(later).map(([role]) => role),
    ['user', 'assistant', 'user', 'assistant', 'user'],
  )
  t.match(lastUserText(later), /R-third/)

  const items = await client.responses.inputItems.list(second.id, { order: 'asc' })
  t.match(items.data, [
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'R-first' }] },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'My name is Claude.' }] },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'R-second' }] },
  ])
  const paged: unknown[] = []
  for await (const item of client.responses.inputItems.list(second.id, { limit: 1 })) paged.push(item.id)
  t.strictSame(paged, items.data.map((item) => item.id).reverse())

  standin.when('R-refer', message('Found.'))
  await client.responses.create({
    model,
    input: [
      { role: 'user', content: 'Who are you?' },
      { type: 'item_reference', id: String(first.output[0]?.id) },
      { role: 'user', content: 'R-refer' },
    ],
  })
  t.match(wordsOf(await bridge.asked('R-refer'))[1]![1], /My name is Claude\./, 'a reference is followed')
})

await t.test('in the background: retrieve, resume, cancel, delete', async (t) => {
  const { opened, open } = gate()
  standin.when('R-later', message(text(['one ', 'two ', 'three']), { hold: { afterDeltas: 1, until: opened } }))
  const created = await client.responses.create({ model, input: 'R-later', background: true })
  t.match(created, { status: /^(queued|in_progress)$/, background: true, output: [], usage: null })
  await bridge.asked('R-later')
  t.match(await client.responses.retrieve(created.id), { status: 'in_progress', output: [] })
  const seen: Event[] = []
  for await (const event of await client.responses.retrieve(created.id, { stream: true })) {
    seen.push(event)
    if (event.type === 'response.output_text.delta') break
  }
  t.strictSame(
    seen.slice(0, 3).map(({ type }) => type),
    ['response.created', 'response.queued', 'response.in_progress'],
  )
  const after = seen.at(-1)!.sequence_number
  const rest = client.responses.retrieve(created.id, { stream: true, starting_after: after }).then(collect)
  open()
  const all = await collect(await client.responses.retrieve(created.id, { stream: true }))
  t.strictSame([...seen, ...(await rest)], all, 'no gap and no repeat')
  t.match(await client.responses.retrieve(created.id), { status: 'completed', output_text: 'one two three' })
  const helper = client.responses.stream({ response_id: created.id, starting_after: 3 })
  t.equal((await helper.finalResponse()).output_text, 'one two three')

  standin.when('R-cancel', hang(1))
  const doomed = await client.responses.create({ model, input: 'R-cancel', background: true, stream: true })
  const reader = collect(doomed)
  const call = await bridge.asked('R-cancel')
  const list = (await (await bridge.get('/tasks?limit=1')).json()) as { data: { id: string }[] }
  const id = list.data[0]!.id.replace('task_', 'resp_')
  const cancelled = await client.responses.cancel(id)
  t.match(cancelled, { id, status: 'cancelled', error: null })
  await call.ended
  t.match((await reader).at(-1), { type: 'response.failed', response: { status: 'cancelled' } })
  t.strictSame(await client.responses.cancel(id), cancelled, 'the second time changes nothing')
  await client.responses.delete(id)
  t.match(await errorOf(client.responses.retrieve(id)), { status: 404, code: 'response_not_found' })
})

await t.test('where an answer ends', async (t) => {
  standin.when('R-length', message('one two three four', { honourLimits: true }))
  standin.when('R-refuse', message([], { stopReason: 'refusal' }))
  const cut = await client.responses.create({ model, input: 'R-length', max_output_tokens: 2 })
  t.match(cut, {
    ...{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, completed_at: null },
    output: [{ type: 'message', status: 'incomplete' }],
  })
  const refused = await client.responses.stream({ model, input: 'R-refuse' }).finalResponse()
  t.match(refused, {
    ...{ status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
    output: [{ type: 'message', content: [{ type: 'refusal', refusal: /\w/ }] }],
  })
  const blocked = await client.responses.create({ model, input: 'R-refuse' })
  t.match(blocked.output, [{ content: [{ type: 'refusal', refusal: /\w/ }] }])
})
