/** Answers that are checked, tried again with feedback, given a tool, and shown to a human: end to end. */
import t, { type Test } from 'tap'
import { onlyParked, startBridge, until } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { type RecordedRequest, httpError, lastUserText, message, structuredOutput } from '../standin/index.js'

const bridge = await startBridge(t, { warm: onlyParked, env: { WARM_PROCESSES: '1' } })
const { standin } = bridge
const json = [{ type: 'json_string' }]
const quick = { initial_delay: 0, jitter: 0 }

interface Body {
  id: string
  status: string
  choices: { message: { content: string } }[]
  bridge: { attempts: number; task_id: string }
  error?: { code: string; message: string }
  review?: { last_response: string; attempts: number; validation_errors: { type: string; message: string }[]; original_request: unknown }
  result: Body | null
}

async function chat(marker: string, more: Record<string, unknown>, status = 200): Promise<Body> {
  const response = await bridge.post('/v1/chat/completions', { model: 'sonnet', messages: [{ role: 'user', content: marker }], ...more })
  const body = (await response.json()) as Body
  if (response.status !== status) throw new Error(`${response.status}: ${JSON.stringify(body)}`)
  return body
}
const callsOf = (marker: string): RecordedRequest[] => standin.calls.filter((call) => JSON.stringify(call.body.messages).includes(marker))
const sessions = (marker: string) => new Set(callsOf(marker).map((call) => call.headers['x-claude-code-session-id']))
async function task(id: string): Promise<Body> {
  return (await (await bridge.get(`/tasks/${id}`)).json()) as Body
}

await t.test('the second answer passes: feedback in the same conversation, in the same process', async (t) => {
  standin.when('R-second', message('no JSON'), message('{"a":1}'))
  const body = await chat('R-second', { validation: json, retry_config: quick })
  t.equal(body.choices[0]!.message.content, '{"a":1}')
  t.equal(body.bridge.attempts, 2)
  const [first, second] = callsOf('R-second')
  t.equal(callsOf('R-second').length, 2)
  t.equal(sessions('R-second').size, 1, 'one process')
  t.match(
    (second!.body.messages as { role: string; content: unknown }[]).filter(({ role }) => role !== 'system').map(({ role }) => role),
    ['user', 'assistant', 'user'],
  )
  const feedback = lastUserText(second!)
  t.match(feedback, /json_string/)
  t.match(feedback, /> R-second/, 'quotes the request')
  t.equal(lastUserText(first!), 'R-second', "the caller's own message is untouched")
})

await t.test('a stream shows the accepted attempt only', async (t) => {
  standin.when('R-stream', message('not this'), message('nor this'), message('[1]'))
  const response = await bridge.post('/v1/chat/completions', {
    ...{ model: 'sonnet', stream: true, messages: [{ role: 'user', content: 'R-stream' }] },
    ...{ validation: json, retry_config: quick },
  })
  const frames = (await framesOf(response)).flatMap(({ data }) => (data === undefined || data === '[DONE]' ? [] : [data]))
  const chunks = frames.map((data) => JSON.parse(data) as { choices: { delta: { content?: string }; finish_reason: string | null }[] })
  t.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), '[1]')
  t.equal(chunks.filter((chunk) => chunk.choices[0]?.finish_reason === 'stop').length, 1)
  t.equal(callsOf('R-stream').length, 3)
})

await t.test('never right: all attempts, all errors, no answer', async (t) => {
  standin.when('R-never', message('prose'))
  const checks = [...json, { type: 'contains', params: { text: 'x' } }, { type: 'length', params: { min_length: 100 } }]
  const body = await chat('R-never', { validation: checks, retry_config: { ...quick, max_attempts: 2 } }, 422)
  t.match(body.error, { code: 'validation_failed', message: /2 attempts.*json_string.*length/s })
  t.equal(callsOf('R-never').length, 2)
  const one = await chat('R-never', { validation: json, retry_config: { max_attempts: 1 } }, 422)
  t.match(one.error?.message, /1 attempt:/)
})

await t.test('a call that failed is made again if it can succeed, and keeps its own error', async (t) => {
  standin.when('R-down', httpError(529), httpError(529), httpError(529), message('{}'))
  const body = await chat('R-down', { validation: json, retry_config: quick })
  t.equal(body.choices[0]!.message.content, '{}')
  standin.when('R-denied', httpError(403))
  const denied = await chat('R-denied', { validation: json, retry_config: quick, max_attempts_before_human: 1 }, 403)
  t.equal(denied.error?.code, 'upstream_forbidden', 'no human, no second attempt')
  t.equal(callsOf('R-denied').length, 1)
})

/** Fails as often as a human is asked for. */
async function toReview(t: Test, marker: string): Promise<string> {
  standin.when(marker, message('one'), message('two'), message('{"three":3}'))
  const body = await chat(marker, { validation: json, retry_config: quick, max_attempts_before_human: 2 }, 422)
  t.equal(body.error?.code, 'human_review_required')
  const id = /task_\w+/.exec(body.error!.message)![0]
  const waiting = await task(id)
  t.match(waiting, {
    status: 'requires_action',
    review: { attempts: 2, last_response: 'two', validation_errors: [{ type: 'json_string' }], original_request: [{ content: marker }] },
  })
  t.equal(callsOf(marker).length, 2)
  return id
}

await t.test('human review', async (t) => {
  const decide = async (id: string, body: unknown) => (await (await bridge.post(`/tasks/${id}/review`, body)).json()) as Body
  const approved = await toReview(t, 'R-approve')
  t.match(await decide(approved, { decision: 'approve' }), { status: 'completed', result: { choices: [{ message: { content: 'two' } }] } })
  t.equal((await bridge.post(`/tasks/${approved}/review`, { decision: 'approve' })).status, 409)

  const rejected = await toReview(t, 'R-reject')
  t.match(await decide(rejected, { decision: 'reject', feedback: 'useless' }), { status: 'failed', error: { code: 'review_rejected' } })

  const retried = await toReview(t, 'R-retry')
  await decide(retried, { decision: 'retry', feedback: 'Mind the braces.' })
  await until(() => callsOf('R-retry').length === 3)
  const done = (await (await bridge.get(`/tasks/${retried}?wait=10`)).json()) as Body
  t.match(done, { status: 'completed', attempts: 3, result: { choices: [{ message: { content: '{"three":3}' } }] } })
  t.match(lastUserText(callsOf('R-retry')[2]!), /Mind the braces/)
  t.equal((await bridge.post(`/tasks/${retried}/review`, { decision: 'maybe' })).status, 400)
  for (const marker of ['R-approve', 'R-reject']) t.equal(callsOf(marker).length, 2, 'nothing was asked after the gate')
})

await t.test('a validator that asks a model', async (t) => {
  standin.when(
    'R-verdict-of',
    message(structuredOutput({ validation_passed: true, reasoning: 'fine', details: 'INVALID' })),
    message(structuredOutput({ validation_passed: true, reasoning: 'fine', details: 'VALID' })),
  )
  standin.when('R-agent', message('print(1)'), message('print(2)'))
  const check = {
    type: 'agent_task',
    params: {
      task_prompt_to_claude: 'R-verdict-of {CODE_TO_VALIDATE}',
      validation_model_alias: 'max/text-general',
      success_criteria: { must_contain_in_details: 'VALID' },
    },
  }
  const body = await chat('R-agent', { validation: [check], retry_config: quick })
  t.equal(body.choices[0]!.message.content, 'print(2)', 'INVALID does not contain VALID')
  t.equal(callsOf('R-verdict-of').length, 2)
})

await t.test('thresholds and counts that make no sense', async (t) => {
  const cases: [Record<string, unknown>, string][] = [
    [{ validation: json, retry_config: { max_attempts: 0 } }, 'retry_config.max_attempts'],
    [{ validation: json, retry_config: { max_attempts: 1e9 } }, 'retry_config.max_attempts'],
    [{ validation: json, retry_config: { initial_delay: -1 } }, 'retry_config.initial_delay'],
    [{ validation: json, max_attempts_before_human: 0 }, 'max_attempts_before_human'],
    [{ validation: json, max_attempts_before_human: 2, retry_config: { max_attempts_before_human: 3 } }, 'max_attempts_before_human'],
    [{ validation: json, max_attempts_before_human: 2, n: 2 }, 'n'],
    [{ validation: [{ type: 'nonsense' }] }, 'validation[0].type'],
  ]
  for (const [members, param] of cases) t.match((await chat('R-none', members, 400)).error, { param })
  t.equal(callsOf('R-none').length, 0)
})
