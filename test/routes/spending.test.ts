/** What is counted of answers that end in every way, what `/usage` says of it, and the limit of a request. */
import t, { type Test } from 'tap'
import { gate, startBridge, until } from '../helper.js'
import { FrameReader } from '../helper-sse.js'
import { type MessageReply, cutAfter, hang, httpError, message, toolUse } from '../standin/index.js'

const admin = 'an-admin-key-of-32-characters-00'
const bridge = await startBridge(t, { env: { API_KEYS: 'ann:key-of-ann,bob:key-of-bob', ADMIN_KEY: admin } })
const { standin } = bridge
const ann = { authorization: 'Bearer key-of-ann' }
const chat = '/v1/chat/completions'

/** Tokens of one call: 1,000 of the prompt, of which 600 are read from the cache and 100 written into it, and 50 of the answer. */
const usage = { input_tokens: 300, cache_read_input_tokens: 600, cache_creation_input_tokens: 100, output_tokens: 50 }
const answering = (words: Parameters<typeof message>[0], more: Partial<MessageReply> = {}) => message(words, { usage, ...more })
const model = 'claude-opus-4-5'
/** US dollars of one such call. */
const prompt = (300 * 5 + 600 * 0.5 + 100 * 6.25) / 1e6
const whole = prompt + (50 * 25) / 1e6
const ask = (marker: string, more: object = {}) => ({ model, messages: [{ role: 'user', content: marker }], ...more })

interface Line {
  key?: string
  model?: string
  requests: number
  failures: number
  prompt_tokens: number
  completion_tokens: number
  cached_tokens: number
  cost_usd: number
}

async function used(query = '?group_by=key', headers: Record<string, string> = ann): Promise<{ data: Line[]; totals: Line }> {
  return (await (await bridge.get(`/usage${query}`, headers)).json()) as { data: Line[]; totals: Line }
}

/** What is added while `work` is done. */
async function added(work: () => Promise<unknown>): Promise<Line> {
  const before = (await used()).totals
  await work()
  await bridge.idle()
  const after = (await used()).totals
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, Number(value) - Number(before[name as keyof Line])]),
  ) as unknown as Line
}

const once = { requests: 1, failures: 0, prompt_tokens: 1000, completion_tokens: 50, cached_tokens: 600 }

function costs(t: Test, line: Line, usd: number, what: string): void {
  t.ok(Math.abs(line.cost_usd - usd) < 1e-9, `${what}: ${line.cost_usd} for ${usd}`)
}

await t.test('every way in which an answer ends is counted', async (t) => {
  standin.when('U-stop', answering('one two'))
  const stop = await added(() => bridge.post(chat, ask('U-stop'), ann).then((response) => response.json()))
  t.match(stop, once)
  costs(t, stop, whole, 'a whole answer')

  standin.when('U-length', answering('one two three', { stopReason: 'max_tokens' }))
  t.match(await added(() => bridge.post(chat, ask('U-length'), ann).then((response) => response.json())), once, 'cut by max_tokens')

  const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }]
  standin.when('U-call', answering(toolUse('mcp__client__look')))
  const called = await added(async () => {
    const answer = (await (await bridge.post(chat, ask('U-call', { tools }), ann)).json()) as { bridge: { cost_usd: number } }
    t.ok(Math.abs(answer.bridge.cost_usd - whole) < 1e-9, 'and its answer says what it has cost')
  })
  t.match(called, once, 'with functions')

  const { opened, open } = gate()
  standin.when('U-leave', answering('one two three', { hold: { afterDeltas: 2, until: opened } }))
  const left = await added(async () => {
    const response = await bridge.post(chat, ask('U-leave', { stream: true }), ann)
    const reader = new FrameReader(response)
    for (;;) if ((await reader.nextEvent())?.data?.includes('two')) break
    await reader.cancel()
    await until(() => bridge.app.jobs.stats().running === 0)
    open()
  })
  t.match(left, { requests: 1, failures: 0, prompt_tokens: 1000 }, 'a client that leaves')

  standin.when('U-cancel', { ...hang(1), usage })
  let task = ''
  const cancelled = await added(async () => {
    task = ((await (await bridge.post('/tasks', ask('U-cancel'), ann)).json()) as { id: string }).id
    const reader = new FrameReader(await bridge.get(`/tasks/${task}/events`, ann))
    for (;;) if ((await reader.nextEvent())?.event === 'text') break
    await bridge.post(`/tasks/${task}/cancel`, {}, ann)
  })
  t.match(cancelled, { requests: 1, failures: 0, prompt_tokens: 1000 }, 'one that is cancelled')
  const events = (await new FrameReader(await bridge.get(`/tasks/${task}/events`, ann)).all()).map(({ event }) => event)
  t.strictSame(events.slice(-2), ['usage', 'end'], 'and says so')
  t.match(await (await bridge.get(`/tasks/${task}`, ann)).json(), { usage: { prompt_tokens: 1000 }, bridge: { model: /opus/ } })

  standin.when('U-cut', { ...cutAfter(1, 'reset', 'one two'), usage })
  const cut = await added(() => bridge.post(chat, ask('U-cut'), ann).then((response) => response.json()))
  t.match(cut, { requests: 1, failures: 1, prompt_tokens: 1000 }, 'one that breaks off upstream')

  standin.when('U-refused', httpError(400))
  const refused = await added(() => bridge.post(chat, ask('U-refused'), ann).then((response) => response.json()))
  t.match(refused, { requests: 1, failures: 1, prompt_tokens: 0, cost_usd: 0 }, 'one that the API refuses')
})

await t.test('calls inside a run, attempts and choices', async (t) => {
  standin.when('U-tool', answering(toolUse('Write', { file_path: 'a.txt', content: 'x' })), answering('done'))
  const inside = await added(() => bridge.post(chat, ask('U-tool', { allowed_tools: ['Write'] }), ann).then((response) => response.json()))
  t.match(inside, { requests: 1, prompt_tokens: 2000, completion_tokens: 100 })

  standin.when('U-again', answering('wrong'), answering('right'))
  const validation = [{ type: 'contains', params: { text: 'right' } }]
  const again = await added(() =>
    bridge.post(chat, ask('U-again', { validation, retry_config: { initial_delay: 0 } }), ann).then((response) => response.json()),
  )
  t.match(again, { requests: 1, prompt_tokens: 2000 }, 'an attempt that did not pass')

  standin.when('U-two', answering('x'))
  const two = await added(() => bridge.post(chat, ask('U-two', { n: 2 }), ann).then((response) => response.json()))
  t.match(two, { requests: 1, prompt_tokens: 2000 })
})

await t.test('max_cost_usd', async (t) => {
  const limited = { max_cost_usd: whole * 1.5 }
  standin.when('U-dear', answering(toolUse('Write', { file_path: 'a.txt', content: 'x' })))
  const asked = standin.calls.length
  const answer = (await (await bridge.post(chat, ask('U-dear', { ...limited, allowed_tools: ['Write'] }), ann)).json()) as {
    choices: object[]
    bridge: { task_id: string }
  }
  t.match(answer, { choices: [{ finish_reason: 'length' }], bridge: { reason: 'max_cost_usd' } })
  t.equal(standin.calls.length - asked, 2, 'the second call passes the limit and is not cut; there is no third')
  t.match(await (await bridge.get(`/tasks/${answer.bridge.task_id}`, ann)).json(), {
    status: 'incomplete',
    bridge: { reason: 'max_cost_usd' },
  })

  standin.when('U-attempts', answering('wrong'))
  const validation = [{ type: 'contains', params: { text: 'right' } }]
  const body = ask('U-attempts', { ...limited, validation, retry_config: { initial_delay: 0, max_attempts: 9 } })
  const attempts = await (await bridge.post(chat, body, ann)).json()
  t.match(attempts, {
    choices: [{ finish_reason: 'length', message: { content: 'wrong' } }],
    bridge: { reason: 'max_cost_usd', attempts: 2 },
  })

  standin.when('U-enough', answering('fine'))
  const enough = await (await bridge.post(chat, ask('U-enough', { max_cost_usd: 0.000001 }), ann)).json()
  t.match(enough, { choices: [{ finish_reason: 'stop', message: { content: 'fine' } }] }, 'a single call is not cut')
  for (const bad of [0, -1, 'much']) t.equal((await bridge.post(chat, ask('x', { max_cost_usd: bad }), ann)).status, 400)
})

await t.test('/usage', async (t) => {
  standin.when('U-bob', answering('for bob'))
  await (await bridge.post(chat, ask('U-bob', {}), { authorization: 'Bearer key-of-bob' })).json()
  const bob = await used('', { authorization: 'Bearer key-of-bob' })
  t.match(bob.data, [{ key: 'bob', model: /opus-4-5/, day: /^\d{4}-\d\d-\d\d$/, requests: 1, cached_tokens: 600 }])
  t.equal(bob.data.length, 1, 'a key sees its own')
  const everybody = await used('?group_by=key', { authorization: `Bearer ${admin}` })
  t.strictSame(
    everybody.data.map(({ key }) => key),
    ['ann', 'bob'],
  )
  t.equal(
    everybody.totals.requests,
    everybody.data.reduce((sum, { requests }) => sum + requests, 0),
  )
  const hours = await used('?group_by=hour,model', ann)
  t.match(hours.data[0], { hour: /^\d{4}-\d\d-\d\dT\d\d:00:00Z$/, key: undefined })
  t.strictSame((await used(`?from=0&to=3600`, ann)).data, [])
  const csv = await bridge.get('/usage?format=csv&group_by=key,model', ann)
  t.match(csv.headers.get('content-type'), /^text\/csv/)
  const lines = (await csv.text()).split('\r\n')
  t.match(lines[0], /^key,model,requests,failures,prompt_tokens/)
  t.match(lines[1], /^ann,claude-opus-4-5[^,]*,\d+,/)
  for (const query of ['?group_by=owner', '?group_by=day,hour', '?from=x', '?format=xml']) {
    t.equal((await bridge.get(`/usage${query}`, ann)).status, 400, query)
  }
  const deleted = (await (await bridge.get('/tasks?limit=100', ann)).json()) as { data: { id: string }[] }
  const before = (await used()).totals
  for (const { id } of deleted.data.slice(0, 3)) await fetch(`${bridge.url}/tasks/${id}`, { method: 'DELETE', headers: ann })
  t.strictSame((await used()).totals, before, 'it outlives the tasks')
})

await t.test("the operator's key", async (t) => {
  const operator = { authorization: `Bearer ${admin}` }
  t.equal((await bridge.get('/metrics', operator)).status, 200)
  const refused = await bridge.get('/metrics', ann)
  t.equal(refused.status, 403)
  t.match(await refused.json(), { error: { code: 'admin_key_required', type: 'permission_error' } })
  const elsewhere = await bridge.post(chat, ask('x'), operator)
  t.equal(elsewhere.status, 401)
  t.match(await elsewhere.json(), { error: { code: 'invalid_api_key', message: /ADMIN_KEY/ } })
  t.equal((await bridge.get('/usage', { 'x-api-key': 'key-of-ann' })).status, 200, "a key in Anthropic's own header")
  t.equal((await bridge.get('/usage', { 'x-api-key': 'key-of-ann', 'api-key': 'key-of-bob' })).status, 401, 'two keys are none')
})
