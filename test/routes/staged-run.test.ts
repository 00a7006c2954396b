/**
 * A staged run from its first attempt to a human's decision, over restarts of the server: five attempts at most, a tool from two failed ones
 * on, a human after four. What the model was asked tells all of it.
 */
import t, { type Test } from 'tap'
import { environment, until } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'
import { FrameReader } from '../helper-sse.js'
import { type RecordedRequest, contains, lastUserText, message, startStandin, userTexts } from '../standin/index.js'

t.setTimeout(150_000)

interface Task {
  id: string
  status: string
  attempts: number
  sequence_number: number
  error: { code: string; message: string } | null
  review?: { reason: string; last_response: string; attempts: number; validation_errors: { type: string }[]; original_request: unknown }
  result: { choices: { message: { content: string } }[] } | null
}

const standin = await startStandin()
t.teardown(() => standin.close())
const tool = 'Use it to find out what you need'
const hasServer = ({ body }: RecordedRequest) => body.tools?.some(({ name }) => name.startsWith('mcp__filesystem__')) ?? false
const callsOf = (marker: string): RecordedRequest[] => standin.calls.filter((call) => contains(call, marker))
const env = environment(temporary(t), standin.url)
let server = await startServer(t, env)

/** `kill` leaves the server no time to end anything. */
async function restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  server.process.kill(signal)
  await server.ended
  server = await startServer(t, env)
}

async function call(path: string, body?: unknown): Promise<{ status: number; body: Task }> {
  const options = body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(server.url + path, options)
  return { status: response.status, body: (await response.json()) as Task }
}

/** To the human gate: four answers that do not pass,. */
async function toTheGate(t: Test, marker: string, ...later: string[]): Promise<string> {
  const wrong = ['one', 'one two', 'three', '{"four": 4']
  standin.when(marker, ...[...wrong, ...later].map((text) => message(text)))
  const { body, status } = await call('/v1/chat/completions', {
    model: 'sonnet',
    messages: [
      { role: 'system', content: 'You write JSON.' },
      { role: 'user', content: `${marker}: a JSON object with four members` },
    ],
    validation: [{ type: 'json_string' }, { type: 'field_present', params: { field_name: 'four' } }],
    retry_config: { max_attempts: 5, initial_delay: 0.05 },
    max_attempts_before_tool_use: 2,
    max_attempts_before_human: 4,
    debug_tool_name: 'filesystem',
    debug_tool_mcp_config: {
      mcpServers: { filesystem: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/tmp'] } },
    },
    original_user_prompt: `${marker} in other words`,
  })
  t.equal(status, 422)
  t.match(body.error, { code: 'human_review_required', message: /review/ })
  const calls = callsOf(marker)
  t.equal(calls.length, 4, 'no call after the gate')
  // each attempt has all turns before it, unchanged
  const turns = calls.map((one) => userTexts(one))
  t.strictSame(
    turns.map((texts) => texts.length),
    [1, 2, 3, 4],
  )
  for (const texts of turns) t.strictSame(texts, turns[3]!.slice(0, texts.length))
  t.equal(turns[0]![0], `${marker}: a JSON object with four members`, "the caller's own message is untouched")
  t.strictSame(
    calls.map((one) => lastUserText(one).includes(tool)),
    [false, false, true, true],
    'the tool is named from two failed attempts on',
  )
  t.strictSame(calls.map(hasServer), [false, false, true, true], 'and is there from then on, never before')
  for (const [index, one] of calls.slice(1).entries()) {
    const feedback = lastUserText(one)
    t.match(feedback, /1\. \[json_string\] .*\n {3}To mend it: /)
    t.match(feedback, /\n2\. \[field_present\] /)
    t.ok(feedback.includes(`> ${marker} in other words`), 'quotes the request in the words that were given for that')
    t.ok(contains(one, wrong[index]!), 'and the answer that failed stands before it')
  }
  return /task_\w+/.exec(body.error!.message)![0]
}

await t.test('approve, after a restart in between', async (t) => {
  const id = await toTheGate(t, 'G-approve')
  await restart('SIGTERM')
  const { body: waiting } = await call(`/tasks/${id}`)
  t.match(waiting, {
    status: 'requires_action',
    attempts: 4,
    review: {
      ...{ reason: /did not pass its validation in 4 attempts/, attempts: 4, last_response: '{"four": 4' },
      validation_errors: [{ type: 'json_string' }, { type: 'field_present' }],
      original_request: [{ role: 'system' }, { role: 'user', content: 'G-approve: a JSON object with four members' }],
    },
  })
  const { status, body } = await call(`/tasks/${id}/review`, { decision: 'approve' })
  t.equal(status, 200)
  t.match(body, { status: 'completed', attempts: 4, result: { choices: [{ message: { content: '{"four": 4' }, finish_reason: 'stop' }] } })
  t.equal(callsOf('G-approve').length, 4)
  t.equal((await call(`/tasks/${id}/review`, { decision: 'reject' })).status, 409, 'a decision is final')
})

/** To a gate behind the first answer: for what comes after a gate, however it was reached. */
async function toAnEarlyGate(t: Test, marker: string, ...answers: string[]): Promise<string> {
  standin.when(marker, ...answers.map((text) => message(text)))
  const { body, status } = await call('/v1/chat/completions', {
    ...{ model: 'sonnet', messages: [{ role: 'user', content: marker }], validation: [{ type: 'json_string' }] },
    ...{ retry_config: { max_attempts: 5, initial_delay: 0.05 }, max_attempts_before_human: 1 },
  })
  t.equal(status, 422)
  t.equal(callsOf(marker).length, 1, 'no call after the gate')
  return /task_\w+/.exec(body.error!.message)![0]
}

await t.test('reject', async (t) => {
  const id = await toAnEarlyGate(t, 'G-reject', 'one')
  const { sequence_number: last } = (await call(`/tasks/${id}`)).body
  const rest = await fetch(`${server.url}/tasks/${id}/events?starting_after=${last - 1}`, { signal: AbortSignal.timeout(5000) })
  const reader = new FrameReader(rest)
  let frame = await reader.nextEvent()
  while (frame !== undefined && frame.data === undefined) frame = await reader.nextEvent()
  t.match(frame?.data, /"type":"review"/, 'the number of the last event')
  const { body } = await call(`/tasks/${id}/review`, { decision: 'reject', feedback: 'not what I need' })
  t.match(body, { status: 'failed', error: { code: 'review_rejected', message: /not what I need/ }, result: null })
  await restart('SIGKILL')
  t.match((await call(`/tasks/${id}`)).body, { status: 'failed', error: { code: 'review_rejected' } })
  t.equal(callsOf('G-reject').length, 1)
})

await t.test('retry, after the server was killed: the conversation goes on with the words of the human', async (t) => {
  const id = await toTheGate(t, 'G-retry', 'still none', '{"four": 4}')
  await restart('SIGKILL')
  await call(`/tasks/${id}/review`, { decision: 'retry', feedback: 'Close the brace.' })
  t.ok(await until(() => callsOf('G-retry').length === 6, 30_000))
  const { body } = await call(`/tasks/${id}?wait=30`)
  t.match(body, { status: 'completed', attempts: 6, error: null, result: { choices: [{ message: { content: '{"four": 4}' } }] } })
  const [fourth, fifth, sixth] = callsOf('G-retry').slice(3)
  const before = userTexts(fourth!)
  t.strictSame(userTexts(fifth!).slice(0, before.length), before, 'nothing of it is lost')
  t.match(lastUserText(fifth!), /> Close the brace\./)
  t.match(lastUserText(sixth!), new RegExp(`\\[json_string\\][^]*${tool}`))
  t.ok(contains(sixth!, 'still none'))
  t.ok(hasServer(fifth!) && hasServer(sixth!), 'the tool is still there')
})

await t.test('retry that fails again comes back to the human; a wrong decision changes nothing', async (t) => {
  const id = await toAnEarlyGate(t, 'G-again', 'one', 'two', 'three')
  for (const body of [{}, { decision: 'maybe' }, { decision: null }, [], { decision: 'retry', feedback: 7 }]) {
    t.equal((await call(`/tasks/${id}/review`, body)).status, 400, JSON.stringify(body))
  }
  await call(`/tasks/${id}/review`, { decision: 'retry' })
  t.ok(await until(() => callsOf('G-again').length === 2, 30_000))
  for (let looks = 0; looks < 100 && (await call(`/tasks/${id}`)).body.status !== 'requires_action'; looks++)
    await new Promise((go) => setTimeout(go, 100))
  t.match((await call(`/tasks/${id}`)).body, { status: 'requires_action', review: { attempts: 2, last_response: 'two' } })
  t.match((await call(`/tasks/${id}/cancel`, {})).body, { status: 'cancelled' })
  t.equal(callsOf('G-again').length, 2)
})
