/** A provider's body is the provider's to judge: it arrives as the client wrote it, whatever the rules for Claude's models are. */
import t from 'tap'
import { question, streamed } from '../clients/openai.js'
import { startBridge } from '../helper.js'
import { environment } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'
import { answer, failing, startProvider } from './provider.js'
import { httpError, startStandin } from '../standin/index.js'

const provider = await startProvider(t)
const settings = {
  acme: { base_url: provider.url, models: ['big-model'] },
  other: { base_url: provider.url, models: '*' },
}
const bridge = await startBridge(t, { env: { UPSTREAMS: JSON.stringify(settings) } })
const chat = '/v1/chat/completions'
const model = 'big-model'

/** A body as text: the members, then one message with the marker. */
const bodyWith = (members: string, marker: string) =>
  `{"model": "${model}", ${members}, "messages": [{"role": "user", "content": "${marker}"}]}`

await t.test('numbers, escapes and the order of members arrive as they were written', async (t) => {
  const members = [
    '"seed": 9223372036854775807, "x": 1e400, "y": 1.0',
    '"z": -0.0, "big": 123456789012345678901234567890, "small": 1E-9',
    '"text": "a \\"quoted\\" \\\\ \\ud83d\\ude00 \\u0000", "b": 1, "a": 2, "none": null',
    '"deep": {"n": [1.50, {"id": 18446744073709551615}], "s": "}],{"}',
  ]
  for (const [index, given] of members.entries()) {
    const marker = `O-number-${index}.`
    provider.when(marker, answer('fine'))
    const response = await bridge.post(chat, bodyWith(given, marker))
    t.equal(response.status, 200, await response.text())
    const { text } = provider.of(marker)[0]!
    for (const member of given.split(', ')) t.ok(text.includes(member.replace(': ', ':')) || text.includes(member), `${member} in ${text}`)
  }
})

await t.test('no rule for Claude is applied', async (t) => {
  const video = [{ type: 'video_url', video_url: { url: 'https://example.com/a.mp4' } }]
  const bodies: Record<string, object> = {
    'a tier of its own': { service_tier: 'on_demand' },
    'five stop words': { stop: ['a', 'b', 'c', 'd', 'e'] },
    'no limit': { max_tokens: -1 },
    'a hosted tool': { tools: [{ type: 'web_search_preview' }, { type: 'function', function: { name: 'ж', parameters: { type: 'x' } } }] },
    'an effort of its own': { reasoning_effort: 'ultra' },
    'a format of its own': { response_format: { type: 'grammar', grammar: 'root ::= "x"' } },
    'an odd choice': { tool_choice: 'any', parallel_tool_calls: 'no' },
    'penalties out of range': { temperature: 5, presence_penalty: -9, logit_bias: [] },
    'texts where there are numbers': { seed: '7', top_p: '0.5', verbosity: 'terse' },
    'nothing in the stop list': { stop: [] },
    'a long user': { user: 'u'.repeat(1000), safety_identifier: { id: 1 } },
    'functions that are none': { functions: {}, function_call: 7 },
    'a search': { web_search_options: { search_context_size: 'high' }, moderation: {}, prediction: 'x' },
    'text alone as modality': { modalities: ['text'], logprobs: false, top_logprobs: 0 },
  }
  for (const [index, [name, more]] of Object.entries(bodies).entries()) {
    const marker = `O-rule-${index}.`
    provider.when(marker, answer('fine'))
    const response = await bridge.post(chat, { ...question(marker, { model }), ...more })
    t.equal(response.status, 200, `${name}: ${await response.text()}`)
    const { body } = provider.of(marker)[0]!
    for (const [member, value] of Object.entries(more)) t.strictSame(body[member], value, `${name}: ${member}`)
  }
  const parts = [{ role: 'user', content: [...video, { type: 'input_audio', input_audio: {} }, { type: 'text', text: 'O-video' }] }]
  provider.when('O-video', answer('fine'))
  t.equal((await bridge.post(chat, { model, messages: parts })).status, 200)
  t.strictSame(provider.of('O-video')[0]!.body.messages, parts)
  const odd = [{ role: 'narrator', content: 7 }, { role: 'user', content: [{ text: 1 }], name: 'x' }, 'O-odd']
  provider.when('O-odd', answer('fine'))
  t.equal((await bridge.post(chat, { model, messages: odd })).status, 200)
  t.strictSame(provider.of('O-odd')[0]!.body.messages, odd)
})

await t.test('the same where a task is started, a request is checked, and an answer is checked and made again', async (t) => {
  provider.when('O-task', answer('fine'))
  t.equal((await bridge.post('/tasks', bodyWith('"stop": ["a","b","c","d","e"]', 'O-task'))).status, 202)
  const check = await bridge.post(`${chat}/check`, { ...question('x', { model }), max_tokens: -1 })
  t.match(await check.json(), { ok: true, ignored: [], error: null })
  provider.when('O-again', answer('too long'), answer('ok'))
  const checks = '"validation": [{"type": "length", "params": {"max": 3}}], "retry_config": {"initial_delay": 0}'
  const response = await bridge.post(chat, bodyWith(`"seed": 9007199254740993, ${checks}`, 'O-again'))
  t.match(await response.json(), { choices: [{ message: { content: 'ok' } }], bridge: { attempts: 2 } })
  const calls = provider.of('O-again')
  t.equal(calls.length, 2)
  for (const { text, body } of calls) {
    t.match(text, '"seed":9007199254740993')
    t.notOk('validation' in body || 'retry_config' in body)
  }
  t.strictSame(
    calls[1]!.body.messages.map(({ role }) => role),
    ['user', 'assistant', 'user'],
  )
})

await t.test("what is the bridge's own is changed, and still under its rules", async (t) => {
  provider.when('O-own', answer('fine'))
  const members =
    '"stream": true, "stream_options": {"include_usage": false, "continuous_usage_stats": true}, "n": 2, "timeout": 30, "store": true'
  const response = await bridge.post(chat, bodyWith(`${members}, "metadata": {"a": "b"}, "mod\\u0065l": "other/m"`, 'O-own'))
  t.equal(response.status, 200)
  await response.text()
  const [one, two] = provider.of('O-own')
  t.equal(one!.text, two!.text)
  t.strictSame(Object.keys(one!.body).sort(), ['messages', 'model', 'stream', 'stream_options'])
  t.match(one!.body, { model: 'm', stream: true, stream_options: { include_usage: true, continuous_usage_stats: true } })
  const refused: [object, string][] = [
    [{ n: 9 }, 'n'],
    [{ timeout: -1 }, 'timeout'],
    [{ metadata: { a: 1 } }, 'metadata.a'],
    [{ stream: 'yes' }, 'stream'],
    [{ logprobs: true }, 'logprobs'],
    [{ modalities: ['audio'] }, 'modalities'],
    [{ mcp_servers: ['x'] }, 'mcp_servers'],
    [{ messages: 'hi' }, 'messages'],
    [{ messages: null }, 'messages'],
  ]
  for (const [more, param] of refused) {
    const { status, json } = await bridge.post(chat, { ...question('x', { model }), ...more }).then(async (answer) => ({
      status: answer.status,
      json: await answer.json(),
    }))
    t.equal(status, 400, param)
    t.match(json, { error: { param } })
  }
})

await t.test('a model of Claude in the list is under its rules, and has the request all the same', async (t) => {
  const refused = await bridge.post(chat, { ...question('x', { model }), stop: ['1', '2', '3', '4', '5'], fallbacks: ['sonnet'] })
  t.match(await refused.json(), { error: { code: 'invalid_value', param: 'fallbacks[0]', message: /stop/ } })
  provider.when('O-first', failing(503, 'busy'))
  const taken = await bridge.post(chat, { ...question('O-first', { model: 'other/m' }), seed: 5, fallbacks: ['big-model', 'sonnet'] })
  t.match(await taken.json(), { choices: [{ message: {} }], bridge: { ignored: ['fallbacks[1].seed'] } })
  bridge.standin.when('O-second', httpError(529))
  provider.when('O-second', answer('from the other'))
  const text =
    '{"model": "sonnet", "fallbacks": ["other/m"], "exact": 9007199254740993, "messages": [{"role": "user", "content": "O-second"}]}'
  const said = await bridge.post(chat, text)
  t.match(await said.text(), /from the other/)
  t.match(provider.of('O-second')[0]!.text, '"exact":9007199254740993')
})

await t.test('streams too', async (t) => {
  provider.when('O-stream', answer('fine'))
  const response = await bridge.post(chat, { ...streamed('O-stream', { model }), max_tokens: -1, stream_options: null })
  t.match(await response.text(), /fine/)
  t.equal(provider.of('O-stream')[0]!.body['max_tokens'], -1)
})

await t.test('as it was written after a restart, too', async (t) => {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  const env = {
    ...environment(temporary(t), standin.url),
    UPSTREAMS: JSON.stringify({ acme: { base_url: provider.url, models: ['big-model'] } }),
  }
  const first = await startServer(t, env)
  // asked and not answered when the server is killed
  provider.when('O-restart', () => {})
  const started = await fetch(`${first.url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: bodyWith('"seed": 9223372036854775807, "x": 1e400, "y": 1.0', 'O-restart'),
  })
  const { id } = (await started.json()) as { id: string }
  while (provider.of('O-restart').length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  first.process.kill('SIGKILL')
  await first.ended
  provider.when('O-restart', answer('fine'))
  const second = await startServer(t, env)
  const task = await (await fetch(`${second.url}/tasks/${id}?wait=30`)).json()
  t.match(task, { status: 'completed' })
  const [before, after] = provider.of('O-restart')
  t.equal(after!.text, before!.text)
  t.match(after!.text, '"seed":9223372036854775807,"x":1e400,"y":1.0')
})
