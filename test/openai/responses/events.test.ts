/** The events of a job -> the events of a response; the official client has to make the same response of them. */
import { ResponseStream } from 'openai/lib/responses/ResponseStream'
import t from 'tap'
import type { JobEvent } from '../../../src/jobs/events.js'
import type { Job } from '../../../src/jobs/job.js'
import { createResponseEvents, type ResponseEvent } from '../../../src/openai/responses/events.js'
import { createOutput } from '../../../src/openai/responses/output.js'
import { toResponse } from '../../../src/openai/responses/response.js'
import { responseSchema } from '../../../src/openai/responses/response-schemas.js'
import { finish, jobOf, say, spent, think } from '../jobs.js'
import { begun, call, echo, queued, stream } from './make.js'

const runs: Record<string, { events: JobEvent[]; job?: Partial<Job>; types: string[] }> = {
  text: { events: [say('Hel'), say('lo'), spent(), finish()], types: ['message'] },
  'nothing at all': { events: [spent(), finish()], types: ['message'] },
  'reasoning alone': { events: [think('hm'), spent(), finish()], types: ['reasoning', 'message'] },
  'cut short': {
    ...{ events: [say('a'), spent(), finish({ reason: 'length' })], types: ['message'] },
    job: { status: 'incomplete' },
  },
  'reasoning, text, and both again': {
    events: [think('let '), think('me'), say('A'), think('hm'), say('B'), spent(), finish()],
    types: ['reasoning', 'message', 'reasoning', 'message'],
  },
  'a refusal': {
    ...{ events: [spent(), finish({ reason: 'refusal', refusal: 'I will not' })], types: ['message'] },
    job: { status: 'incomplete' },
  },
  'a refusal after text': {
    ...{ events: [say('Well, '), spent(), finish({ reason: 'refusal', refusal: 'no' })], types: ['message'] },
    job: { status: 'incomplete' },
  },
  calls: {
    events: [
      ...[think('hm'), say('see'), call(0, '', 'a'), call(0, '{"x"'), call(0, ':1}'), call(1, '', 'b'), call(2, '{"y":2}', 'c')],
      ...[spent(), finish({ reason: 'tool_calls' })],
    ],
    types: ['reasoning', 'message', 'function_call', 'function_call', 'function_call'],
  },
  'only calls, mixed': {
    events: [call(0, '{', 'a'), call(1, '{', 'b'), call(0, '}'), call(1, '}'), spent(), finish({ reason: 'tool_calls' })],
    types: ['function_call', 'function_call'],
  },
  'text after a call': {
    events: [call(0, '{}', 'a'), say('and so'), spent(), finish({ reason: 'tool_calls' })],
    types: ['function_call', 'message'],
  },
  'inner events': {
    events: [
      say('a'),
      { type: 'tool_activity', choice: 0, id: 't', tool: 'Read', state: 'started' },
      { type: 'review', reason: 'r' },
      { ...queued },
      { ...begun },
      ...[say('b'), spent(), finish()],
    ],
    types: ['message'],
  },
  emoji: {
    events: [think('\ud83d'), think('\ude00'), say('a\ud83d'), say('\ude00b'), say('\ud83d'), say(''), say('\ude00'), spent(), finish()],
    types: ['reasoning', 'message'],
  },
  'a second attempt': {
    events: [say('bad'), { type: 'attempt', choice: 0, attempt: 2, reason: 'r' }, think('hm'), say('good'), spent(), finish()],
    types: ['reasoning', 'message'],
  },
  'a second attempt after calls': {
    events: [
      ...[call(0, '{"x"', 'a'), call(1, '{}', 'b'), { type: 'attempt', choice: 0, attempt: 2, reason: 'r' } as const],
      ...[call(0, '{}', 'c'), spent(), finish({ reason: 'tool_calls' })],
    ],
    types: ['function_call'],
  },
  'a failure in the middle': {
    events: [think('hm'), say('half'), spent()],
    job: { status: 'failed', error: { code: 'upstream_interrupted', message: 'cut' } },
    types: ['reasoning', 'message'],
  },
  'a cancellation in the queue': {
    events: [],
    job: { status: 'cancelled', answer: null, error: { code: 'cancelled', message: 'c' } },
    types: [],
  },
}

/** What openai-node makes of the events, over their bytes. */
async function read(events: ResponseEvent[]): Promise<object> {
  // it raises on an error, and with that it has no response
  const lines = events.filter(({ type }) => type !== 'error').map((event) => `${JSON.stringify(event)}\n`)
  const response = await ResponseStream.fromReadableStream(new Blob(lines).stream()).finalResponse()
  return own(response)
}

/** Without the client's own additions. */
function own(value: object): object {
  const additions = ['parsed', 'parsed_arguments', 'output_parsed', 'output_text']
  return JSON.parse(JSON.stringify(value, (key, member: unknown) => (additions.includes(key) ? undefined : member))) as object
}

for (const [name, { events, job: more, types }] of Object.entries(runs)) {
  const job = jobOf(events, more)
  const items = () => {
    const output = createOutput(job.id)
    for (const event of events) output.event(event)
    return output.items()
  }

  await t.test(`${name}: the client makes the same response of it`, async (t) => {
    const response = toResponse(job, echo(), items())
    t.strictSame(await read(stream(events, job)), own(response))
    t.strictSame(
      items().map((item) => item.type),
      types,
    )
    t.strictSame(own(responseSchema.parse(response)), own(response))
    t.ok(
      Object.keys(response).every((key) => key in responseSchema.shape),
      'nothing more than is declared',
    )
  })

  await t.test(`${name}: the rules of a stream`, async (t) => {
    const told = stream(events, job)
    t.strictSame(
      told.map((event) => event.sequence_number),
      told.map((_, index) => index),
    )
    t.strictSame(
      told.slice(0, 2).map(({ type }) => type),
      ['response.created', 'response.in_progress'],
    )
    const last = job.status === 'completed' || job.status === 'incomplete' ? job.status : 'failed'
    t.equal(told.at(-1)!.type, `response.${last}`)
    const errors = told.filter(({ type }) => type === 'error')
    t.match(errors, job.status === 'failed' ? [{ code: job.error!.code, error: { message: job.error!.message } }] : [])
    if (errors.length > 0) {
      const whole = ResponseStream.fromReadableStream(new Blob(told.map((event) => `${JSON.stringify(event)}\n`)).stream())
      await t.rejects(whole.finalResponse(), { code: job.error!.code }, 'the client raises')
    }
    t.equal(told.filter(({ type }) => /^response\.(completed|incomplete|failed)$/.test(type)).length, 1)
    const added = told.filter(({ type }) => type === 'response.output_item.added').map((event) => event['output_index'])
    t.strictSame(
      added,
      added.map((_, index) => index),
      'indexes count up',
    )
    const ends = told.filter(({ type }) => type === 'response.output_item.done').map((event) => event['output_index'])
    t.equal(new Set(ends).size, ends.length, 'each item ends once')
    if (last !== 'failed') t.strictSame([...ends].sort(), added, 'and each does')
    for (const event of told) {
      const delta = (event['delta'] ?? '') as string
      t.notMatch(delta, /[\ud800-\udbff]$/, 'no half of a character')
    }
    t.strictSame(stream(events, job), told, 'told again it is the same')
  })
}

await t.test('ids are those of the task, in every event the same', async (t) => {
  const { events } = runs['calls']!
  const told = stream(events, jobOf(events))
  const ids = told.flatMap((event) => [event['item_id'], (event['item'] as { id?: string } | undefined)?.id]).filter(Boolean)
  const key = 'abcdefghijklmnopqrstuvwx'
  t.strictSame([...new Set(ids)], [`rs_${key}_0`, `msg_${key}_1`, `fc_${key}_2`, `fc_${key}_3`, `fc_${key}_4`])
  t.match(told[0], { response: { id: `resp_${key}` } })
})

await t.test('function calls', async (t) => {
  const { events } = runs['calls']!
  const told = stream(events, jobOf(events)).filter(({ output_index: index }) => index === 2 || index === 3)
  const short = told.map(({ type, delta, arguments: whole }) => [type.replace('response.', ''), delta ?? whole])
  t.strictSame(short, [
    ['output_item.added', undefined],
    ['function_call_arguments.delta', '{"x"'],
    ['function_call_arguments.delta', ':1}'],
    ['output_item.added', undefined],
    ['function_call_arguments.done', '{"x":1}'],
    ['output_item.done', undefined],
    // the model streams no arguments as no text at all
    ['function_call_arguments.delta', '{}'],
    ['function_call_arguments.done', '{}'],
    ['output_item.done', undefined],
  ])
  t.match(told[0], { item: { type: 'function_call', status: 'in_progress', call_id: 'a', name: 'f_a', arguments: '' } })
  t.match(told[5], { item: { status: 'completed', call_id: 'a', name: 'f_a', arguments: '{"x":1}' } })
})

await t.test('in the background it begins in the queue', async (t) => {
  const job = jobOf([say('a'), finish()], { background: true })
  const told = createResponseEvents(job, echo({ background: true }))
  const short = (events: ResponseEvent[]) =>
    events.map(({ type, response }) => [type, (response as { status: string } | undefined)?.status])
  t.strictSame(short(told.event(queued)), [
    ['response.created', 'queued'],
    ['response.queued', 'queued'],
  ])
  t.strictSame(short(told.event(begun)), [['response.in_progress', 'in_progress']])
  t.strictSame(told.event({ ...queued }), [], 'a run that begins again is no news')
  t.strictSame(told.event({ ...begun }), [])
})

await t.test('what an unfinished or failed response says', async (t) => {
  const going = toResponse(jobOf([say('a')], { status: 'requires_action', completedAt: null, answer: null }), echo(), [])
  t.match(going, { status: 'in_progress', output: [], usage: null, completed_at: null, error: null })
  const codes = [
    ['rate_limit_exceeded', 'rate_limit_exceeded'],
    ['queue_full', 'rate_limit_exceeded'],
    ['context_length_exceeded', 'invalid_prompt'],
    ['upstream_error', 'server_error'],
  ] as const
  for (const [code, shown] of codes) {
    const failed = toResponse(jobOf([], { status: 'failed', error: { code, message: 'why' } }), echo(), [])
    t.match(failed, { status: 'failed', error: { code: shown, message: 'why' }, bridge: { error: { code, message: 'why' } } })
  }
})
