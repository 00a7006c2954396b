/** The events of a job -> the chunks of a stream; the official client has to make the blocking answer of them. */
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream'
import t from 'tap'
import type { JobEvent } from '../../src/jobs/events.js'
import type { Job } from '../../src/jobs/job.js'
import { toCompletion } from '../../src/openai/out/completion.js'
import { chunkSchema, type Chunk } from '../../src/openai/out/response-schemas.js'
import { finish, jobOf, say, spent, stream, think } from './jobs.js'

const call = (index: number, args: string, id?: string, choice = 0): JobEvent => ({
  type: 'tool_call',
  choice,
  index,
  arguments: args,
  ...(id !== undefined && { id, name: `f_${id}` }),
})

/** What openai-node makes of the chunks, over their bytes. */
async function read(chunks: Chunk[]): Promise<object> {
  const lines = chunks.map((chunk) => `${JSON.stringify(chunk)}\n`)
  const completion = await ChatCompletionStream.fromReadableStream(new Blob(lines).stream()).finalChatCompletion()
  // the client's own additions
  const own = (key: string, value: unknown) => (key.startsWith('parsed') ? undefined : value)
  return JSON.parse(JSON.stringify(completion, own)) as object
}

const runs: Record<string, { events: JobEvent[]; job?: Partial<Job> }> = {
  text: { events: [say('Hel'), say('lo'), spent(), finish()] },
  'nothing at all': { events: [spent(), finish()] },
  'cut short': { events: [say('a'), spent(), finish({ reason: 'length' })] },
  'a refusal': { events: [spent(), finish({ reason: 'refusal', refusal: 'I will not' })] },
  'a refusal after text': { events: [say('Well, '), spent(), finish({ reason: 'refusal', refusal: 'no' })] },
  calls: {
    events: [
      say('see'),
      call(0, '', 'a'),
      call(0, '{"x"'),
      call(0, ':1}'),
      call(1, '', 'b'),
      call(2, '{"y":2}', 'c'),
      spent(),
      finish({ reason: 'tool_calls' }),
    ],
  },
  'only a call': { events: [call(0, '{}', 'a'), spent(), finish({ reason: 'tool_calls' })] },
  'two choices, mixed': {
    events: [say('a', 0), say('b', 1), say('A', 0), spent(1), finish({ choice: 1 }), say('!', 0), spent(0), finish()],
    job: { choices: 2 },
  },
  'inner events': {
    events: [
      { type: 'status', status: 'in_progress', phase: 'starting' },
      say('a'),
      { type: 'tool_activity', choice: 0, id: 't', tool: 'Read', state: 'started' },
      { type: 'review', reason: 'r' },
      spent(),
      finish(),
      { type: 'end', status: 'completed', error: null },
    ],
  },
  emoji: { events: [say('a\ud83d'), say('\ude00b'), say('\ud83d'), say(''), say('\ude00'), spent(), finish()] },
}

for (const [name, { events, job: more }] of Object.entries(runs)) {
  await t.test(`${name}: the client makes the blocking answer of it`, async (t) => {
    const job = jobOf(events, more)
    const { usage, ...completion } = toCompletion(job)
    const choices = completion.choices.map((choice) => ({
      ...choice,
      // the client has no empty text
      message: { ...choice.message, content: choice.message.content || null },
    }))
    const expected = { ...completion, choices, object: 'chat.completion' }
    t.same(await read(stream(events, job)), expected)
    t.same(await read(stream(events, job, true)), { ...expected, usage })
  })

  await t.test(`${name}: the rules of a stream`, async (t) => {
    for (const includeUsage of [false, true]) {
      const job = jobOf(events, more)
      const chunks = stream(events, job, includeUsage)
      for (const chunk of chunks) {
        t.same(chunkSchema.parse(chunk), chunk)
        t.match(chunk, { id: 'chatcmpl-abcdefghijklmnopqrstuvwx', created: 1_700_000_000, model: 'max/text-general' })
      }
      const last = includeUsage ? chunks.pop() : undefined
      for (let index = 0; index < job.choices; index++) {
        const own = chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index))
        t.same(own[0]!.delta, { role: 'assistant', content: '' })
        t.equal(own.filter(({ delta }) => delta.role !== undefined).length, 1, 'one role')
        t.same(own.at(-1)!.delta, {})
        t.equal(own.filter((choice) => choice.finish_reason !== null).length, 1, 'one finish')
        t.not(own.at(-1)!.finish_reason, null, 'which is the last')
      }
      t.ok(chunks.every(({ choices }) => choices.length === 1))
      t.ok(chunks.every((chunk) => (includeUsage ? chunk.usage === null : !('usage' in chunk))))
      t.equal(chunks.filter(({ bridge }) => bridge !== undefined).length, 1)
      t.same(chunks.at(-1)!.bridge, toCompletion(job).bridge)
      if (includeUsage) t.same(last, { ...last, choices: [], usage: toCompletion(job).usage })
      t.ok(
        chunks.every((chunk) => JSON.stringify(chunk.choices).search(/\\ud[89a-f]/) === -1),
        'no half characters',
      )
    }
  })
}

await t.test('reasoning', async (t) => {
  const events = [think('h\ud83d'), think('\ude00m'), say('a'), spent(), finish()]
  t.same(
    stream(events, jobOf(events)).map(({ choices }) => choices[0]!.delta),
    [{ role: 'assistant', content: '' }, { reasoning_content: 'h' }, { reasoning_content: '😀m' }, { content: 'a' }, {}],
  )
})

await t.test('half a character that is never completed', async (t) => {
  const deltas = (...events: JobEvent[]) =>
    stream(events, jobOf(events))
      .flatMap(({ choices }) => choices.map(({ delta }) => delta))
      .slice(1, -1)
  t.same(deltas(say('a\ud83d'), finish()), [{ content: 'a' }, { content: '\ud83d' }], 'at the end')
  t.same(
    deltas(think('a\ud83d'), say('b'), finish()),
    [{ reasoning_content: 'a' }, { reasoning_content: '\ud83d' }, { content: 'b' }],
    'nothing overtakes it',
  )
  const two = [say('\ud83d', 0), say('x', 1), say('\ude00', 0), finish(), finish({ choice: 1 })]
  const chunks = stream(two, jobOf(two, { choices: 2 }))
  const texts = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content))
  t.same(texts.filter(Boolean), ['x', '😀'], 'choices do not share it')
})

await t.test('any cut of a text gives the same text', async (t) => {
  const text = 'a😀é👩‍👩‍👧\ud83d!'
  for (let at = 0; at <= text.length; at++) {
    const events = [say(text.slice(0, at)), say(text.slice(at)), finish()]
    const chunks = stream(events, jobOf(events))
    t.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), text)
  }
})

await t.test('tool calls', async (t) => {
  const events = [call(0, '', 'a'), call(0, '{"x":1}'), call(1, '', 'b'), finish({ reason: 'tool_calls' })]
  const deltas = stream(events, jobOf(events)).flatMap(({ choices }) => choices.map(({ delta }) => delta.tool_calls))
  t.same(deltas.filter(Boolean), [
    [{ index: 0, id: 'a', type: 'function', function: { name: 'f_a', arguments: '' } }],
    [{ index: 0, function: { arguments: '{"x":1}' } }],
    [{ index: 1, id: 'b', type: 'function', function: { name: 'f_b', arguments: '' } }],
    [{ index: 1, function: { arguments: '{}' } }],
  ])
})

await t.test('a job without a result gets no finish chunk, even if a choice was complete', async (t) => {
  const events = [say('a'), finish()]
  for (const status of ['failed', 'cancelled'] as const) {
    const chunks = stream(events, jobOf(events, { status }), true)
    t.equal(chunks.length, 2, status)
    t.ok(chunks.every(({ choices }) => choices[0]?.finish_reason === null))
  }
})

await t.test('a second attempt: one finish, that of the last', async (t) => {
  const events: JobEvent[] = [
    say('bad\ud83d'),
    finish({ reason: 'length' }),
    { type: 'attempt', choice: 0, attempt: 2, reason: 'too long' },
    say('good'),
    finish(),
  ]
  const chunks = stream(events, jobOf(events)).map(({ choices }) => choices[0]!)
  t.same(
    chunks.flatMap((choice) => choice.finish_reason ?? []),
    ['stop'],
  )
  t.same(
    chunks.map(({ delta }) => delta.content ?? ''),
    ['', 'bad', 'good', ''],
  )
})

await t.test('usage that is not known is not made up', async (t) => {
  const events = [say('a'), finish()]
  t.equal(stream(events, jobOf(events), true).filter(({ choices }) => choices.length === 0).length, 0)
})
