/** The official client takes answers: blocking, streamed, with its helper, and what it can see of them. */
import t from 'tap'
import { direct, gate, startBridge } from '../helper.js'
import { message, text, thinking } from '../standin/index.js'
import { type Chunk, type Params, clientOf, collect, question, streamed, textOf } from './openai.js'

const bridge = await startBridge(t, { direct: 100 })
const { standin } = bridge
const client = clientOf(bridge)

const usage = { input_tokens: 11, output_tokens: 22, cache_read_input_tokens: 33, cache_creation_input_tokens: 44 }
const openaiUsage = {
  prompt_tokens: 88,
  completion_tokens: 22,
  total_tokens: 110,
  prompt_tokens_details: { cached_tokens: 33, cache_write_tokens: 44 },
}

await t.test('create', async (t) => {
  standin.when('M-create', message('Hello there.', { usage, model: 'claude-sonnet-5-5' }))
  const before = Math.floor(Date.now() / 1000)
  const params = question('M-create', { metadata: { team: 'red' }, seed: 7 })
  const { data, response, request_id: requestId } = await client.chat.completions.create(params).withResponse()
  t.match(data, {
    id: /^chatcmpl-/,
    object: 'chat.completion',
    model: 'sonnet',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello there.', refusal: null },
        finish_reason: 'stop',
        logprobs: null,
      },
    ],
    usage: openaiUsage,
    metadata: { team: 'red' },
    bridge: { task_id: /^task_/, attempts: 1, ignored: ['seed'], model: 'claude-sonnet-5-5' },
  })
  t.ok(data.created >= before && data.created <= Date.now() / 1000, 'created is in seconds')
  t.match(requestId, /^req_/)
  const headers = Object.fromEntries(response.headers)
  t.match(headers, {
    'x-request-id': requestId!,
    'x-bridge-task-id': /^task_/,
    'x-bridge-model': 'claude-sonnet-5-5',
    'x-bridge-ignored': 'seed',
    'openai-processing-ms': /^\d+$/,
    'content-type': /^application\/json/,
  })
  t.ok(data.id.endsWith(headers['x-bridge-task-id']!.replace('task_', '')), 'the task can be told from the id')
})

await t.test('tokens arrive as they are made, in the order clients need', async (t) => {
  const { opened, open } = gate()
  standin.when('M-live', message(text(['one ', 'two ', 'three']), { usage, hold: { afterDeltas: 1, until: opened } }))
  const params = streamed('M-live', { stream_options: { include_usage: true } })
  const { data: stream, response } = await client.chat.completions.create(params).withResponse()
  const chunks: Chunk[] = []
  for await (const chunk of stream) {
    chunks.push(chunk)
    if (chunk.choices[0]?.delta.content === 'one ') {
      t.equal((await bridge.asked('M-live')).endedAt, undefined, 'the model has not ended yet')
      open()
    }
  }
  t.match(Object.fromEntries(response.headers), {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-request-id': /^req_/,
    'x-bridge-task-id': /^task_/,
  })
  t.notOk(response.headers.has('content-encoding'))
  t.strictSame(
    chunks.map(({ choices }) => choices[0] && [choices[0].delta, choices[0].finish_reason]),
    [
      [{ role: 'assistant', content: '' }, null],
      [{ content: 'one ' }, null],
      [{ content: 'two ' }, null],
      [{ content: 'three' }, null],
      [{}, 'stop'],
      undefined,
    ],
  )
  t.equal(new Set(chunks.map(({ id, created, model, object }) => `${id} ${created} ${model} ${object}`)).size, 1)
  t.strictSame(
    chunks.slice(0, -1).map((chunk) => chunk.usage),
    [null, null, null, null, null],
  )
  t.match(chunks.at(-1), { choices: [], usage: openaiUsage })
})

await t.test('without include_usage there is no usage anywhere', async (t) => {
  standin.when('M-bare', message('yes'))
  const chunks = await collect(await client.chat.completions.create(streamed('M-bare', { model: direct })))
  t.notOk(chunks.some((chunk) => 'usage' in chunk))
  t.notOk(chunks.some((chunk) => chunk.choices.length === 0))
})

await t.test('the stream helper, and reasoning', async (t) => {
  standin.when('M-helper', message([thinking(['let ', 'me']), text('An answer')], { usage }))
  const stream = client.chat.completions.stream({
    ...streamed('M-helper'),
    stream_options: { include_usage: true },
  })
  const completion = await stream.finalChatCompletion()
  t.match(completion, { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: 'An answer' } }] })
  t.match(completion.usage, openaiUsage)
  const blocked = await client.chat.completions.create(question('M-helper', { model: direct }))
  t.match(blocked.choices[0]!.message, { content: 'An answer', reasoning_content: 'let me' })
})

await t.test('several answers', async (t) => {
  // the runs are told apart by the order in which they come
  standin.when('M-many', message('first'), message('second'))
  const blocked = await client.chat.completions.create(question('M-many', { model: direct, n: 2 }))
  t.strictSame(
    blocked.choices.map((choice) => choice.index),
    [0, 1],
  )
  t.strictSame(blocked.choices.map((choice) => choice.message.content).sort(), ['first', 'second'])
  t.strictSame(
    blocked.choices.map((choice) => choice.finish_reason),
    ['stop', 'stop'],
  )

  standin.when('M-two', message('a b c', { usage }))
  const params = streamed('M-two', { model: direct, n: 2, stream_options: { include_usage: true } })
  const chunks = await collect(await client.chat.completions.create(params))
  for (const index of [0, 1]) {
    const own = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index)
    t.equal(textOf(chunks, index), 'a b c')
    t.equal(own[0]!.delta.role, 'assistant')
    t.equal(own.filter((choice) => choice.delta.role !== undefined).length, 1)
    t.equal(own.filter((choice) => choice.finish_reason !== null).length, 1)
    t.equal(own.at(-1)!.finish_reason, 'stop')
  }
  t.match(chunks.at(-1), { choices: [], usage: { prompt_tokens: 176, completion_tokens: 44, total_tokens: 220 } })
})

await t.test('where an answer ends', async (t) => {
  standin.when('M-stop', message('one two END three', { honourLimits: true }))
  standin.when('M-length', message('one two three four', { honourLimits: true }))
  standin.when('M-refuse', message([], { stopReason: 'refusal' }))
  const cases: [string, Partial<Params>, string | RegExp | null, string][] = [
    ['M-stop', { stop: ['NEVER', ' END'] }, 'one two', 'stop'],
    ['M-length', { max_tokens: 2 }, /^one two ?$/, 'length'],
    ['M-length', { max_completion_tokens: 3 }, /^one two three ?$/, 'length'],
    ['M-refuse', {}, null, 'content_filter'],
  ]
  await Promise.all(
    cases.map(async ([marker, more, content, reason]) => {
      const [blocked, stream] = await Promise.all([
        client.chat.completions.create(question(marker, more)),
        // a stop sequence is cut out of what the CLI streams; the other ends stream alike whoever tells of them
        client.chat.completions.create({ ...question(marker, more), ...(marker !== 'M-stop' && { model: direct }), stream: true }),
      ])
      t.match(blocked.choices[0], { finish_reason: reason, message: { content } }, `${marker} blocking`)
      const chunks = await collect(stream)
      t.match(textOf(chunks), content ?? '', `${marker} streaming`)
      const reasons = chunks.flatMap((chunk) => chunk.choices.flatMap((choice) => choice.finish_reason ?? []))
      t.strictSame(reasons, [reason], `${marker} has one end`)
      if (reason === 'content_filter') t.match(blocked.choices[0]!.message.refusal, /\w/)
    }),
  )
})

await t.test('what can be asked for', async (t) => {
  const models = await client.models.list()
  const ids = models.data.map((model) => model.id)
  t.ok(ids.includes('sonnet') && ids.some((id) => id.startsWith('claude-')))
  t.match(models.data[0], { object: 'model', created: Number, owned_by: String })
  for (const id of ['sonnet', 'max/text-general', 'anthropic/claude-sonnet-5-5']) {
    t.match(await client.models.retrieve(id), { id, object: 'model' })
  }
  await t.rejects(client.models.retrieve('gpt-4'), { status: 404, code: 'model_not_found', param: 'model' })
})
