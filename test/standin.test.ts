import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import * as standins from './standin/index.js'
import type { CliLine, MessagesRequest, RecordedRequest, Standin, StandinOptions } from './standin/index.js'

const { cutAfter, html, httpError, message, notice, raw, runCli, structuredOutput, text, thinking, toolUse } = standins

interface SentEvent {
  type: string
  [field: string]: unknown
}

async function start(t: Test, options?: StandinOptions): Promise<Standin> {
  const standin = await standins.startStandin(options)
  t.teardown(() => standin.close())
  return standin
}

function bodyOf(prompt: string, more: MessagesRequest = {}): MessagesRequest {
  return {
    model: 'claude-test',
    max_tokens: 1000,
    stream: true,
    messages: [{ role: 'user', content: prompt }],
    ...more,
  }
}

function post(standin: Standin, body: MessagesRequest = bodyOf('hi'), signal?: AbortSignal): Promise<Response> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return fetch(`${standin.url}/v1/messages?beta=true`, signal === undefined ? init : { ...init, signal })
}

function parse(stream: string): SentEvent[] {
  return stream
    .split('\n\n')
    .filter((part) => part.includes('data: '))
    .map((part) => JSON.parse(part.slice(part.indexOf('data: ') + 6)) as SentEvent)
}

const eventsOf = async (response: Response) => parse(await response.text())

/** What was read before the stream broke, and how it broke. */
async function readToEnd(response: Response): Promise<{ text: string; failed: boolean }> {
  const decoder = new TextDecoder()
  let read = ''
  try {
    for await (const chunk of response.body!) read += decoder.decode(chunk as Uint8Array, { stream: true })
    return { text: read, failed: false }
  } catch {
    return { text: read, failed: true }
  }
}

const deltasOf = (events: readonly SentEvent[]) =>
  events.filter((event) => event.type === 'content_block_delta').map((event) => event['delta'] as Record<string, unknown>)

const textOf = (events: readonly SentEvent[]) =>
  deltasOf(events)
    .map((delta) => (typeof delta['text'] === 'string' ? delta['text'] : ''))
    .join('')

const wholeOf = async (response: Response) => (await response.json()) as Record<string, unknown>

void t.test('a stream has the shape and order of the API', async (t) => {
  const standin = await start(t)
  standin.script(message([thinking(['let ', 'me']), text(['Hel', 'lo'])], { usage: { cache_read_input_tokens: 7 } }))
  const response = await post(standin)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^text\/event-stream/)
  t.match(response.headers.get('request-id'), /^req_/)
  const events = await eventsOf(response)
  t.strictSame(
    events.map((event) => event.type),
    [
      ...['message_start', 'content_block_start', 'ping', 'content_block_delta', 'content_block_delta'],
      ...['content_block_delta', 'content_block_stop', 'content_block_start', 'content_block_delta'],
      ...['content_block_delta', 'content_block_stop', 'message_delta', 'message_stop'],
    ],
  )
  t.match(events[0], {
    message: {
      ...{ id: /^msg_/, type: 'message', role: 'assistant', model: 'claude-test', content: [], stop_reason: null },
      usage: { input_tokens: Number, output_tokens: 1, cache_read_input_tokens: 7, cache_creation_input_tokens: 0 },
    },
  })
  t.strictSame(deltasOf(events).slice(-2), [
    { type: 'text_delta', text: 'Hel' },
    { type: 'text_delta', text: 'lo' },
  ])
  t.match(events.at(-2), {
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 3, output_tokens_details: { thinking_tokens: 2 } },
  })
  const [record] = standin.requests
  t.match(record, { method: 'POST', path: '/v1/messages', query: '?beta=true', closed: false, status: 200, deltas: 5 })
  t.equal(record!.bytes, JSON.stringify(bodyOf('hi')).length)
  await record!.ended
  t.ok(record!.endedAt! >= record!.startedAt)
})

void t.test('every kind of block, streamed and whole', async (t) => {
  const standin = await start(t)
  const result = { type: 'web_search_tool_result', tool_use_id: 'srv1', content: [] }
  const reply = message(
    [
      standins.redactedThinking('AAAA'),
      standins.serverToolUse('web_search', { query: 'x' }, 'srv1'),
      raw(result),
      raw({ type: 'never_seen' }, [{ type: 'odd_delta', odd: 1 }]),
      toolUse('a', { deep: { list: [1, 'é'] } }, 'toolu_a'),
      toolUse(standins.offered('weather'), ['{"c', 'ity":1}']),
      toolUse('broken', ['{"no json']),
    ],
    { stopReason: 'pause_turn', delta: { stop_details: null } },
  )
  standin.when(() => true, reply)
  const tools = [{ name: 'mcp__client__weather', input_schema: {} }]
  const events = await eventsOf(await post(standin, bodyOf('x', { tools })))
  const starts = events.filter((event) => event.type === 'content_block_start').map((event) => event['content_block'])
  t.match(starts, [
    { type: 'redacted_thinking', data: 'AAAA' },
    { type: 'server_tool_use', id: 'srv1', name: 'web_search', input: {} },
    result,
    { type: 'never_seen' },
    { type: 'tool_use', id: 'toolu_a', name: 'a', input: {} },
    { type: 'tool_use', id: /^toolu_/, name: 'mcp__client__weather' },
    { type: 'tool_use', name: 'broken' },
  ])
  const json = deltasOf(events.filter((event) => event['index'] === 4)).map((delta) => delta['partial_json'])
  t.equal(json[0], '')
  t.strictSame(JSON.parse(json.join('')), { deep: { list: [1, 'é'] } })

  const whole = await wholeOf(await post(standin, bodyOf('x', { tools, stream: false })))
  const content = whole['content'] as { input?: unknown }[]
  t.match(whole, { type: 'message', stop_reason: 'pause_turn', stop_details: null })
  t.strictSame(
    content.map((block) => block.input),
    [undefined, { query: 'x' }, undefined, undefined, { deep: { list: [1, 'é'] } }, { city: 1 }, '{"no json'],
  )
})

void t.test('errors have the shape of the API', async (t) => {
  const standin = await start(t)
  const types = {
    400: 'invalid_request_error',
    401: 'authentication_error',
    403: 'permission_error',
    418: 'invalid_request_error',
  }
  for (const [status, type] of Object.entries({
    ...types,
    500: 'api_error',
    503: 'api_error',
    529: 'overloaded_error',
  })) {
    standin.script(httpError(Number(status)))
    const response = await post(standin)
    t.equal(response.status, Number(status))
    t.match(await wholeOf(response), {
      type: 'error',
      error: { type, message: String },
      request_id: response.headers.get('request-id'),
    })
  }
  standin.script(standins.rateLimited(3600), html(502), html(200))
  const limited = await post(standin)
  t.equal(limited.headers.get('retry-after'), '3600')
  await limited.body?.cancel()
  for (const status of [502, 200]) {
    const page = await post(standin)
    t.equal(page.status, status)
    t.match(await page.text(), /^<html>/)
  }
})

void t.test('streams break where the script says', async (t) => {
  const standin = await start(t)
  const words = 'a b c d'
  for (const [form, failed] of [
    ['eof', false],
    ['drop', true],
    ['reset', true],
    ['error-event', false],
  ] as const) {
    standin.script(cutAfter(2, form, words))
    const { text: got, failed: broke } = await readToEnd(await post(standin))
    const events = parse(got)
    t.equal(broke, failed, form)
    t.equal(textOf(events), 'a b', form)
    t.equal(events.at(-1)!.type, form === 'error-event' ? 'error' : 'content_block_delta', form)
    await standin.calls.at(-1)!.ended
    t.equal(standin.calls.at(-1)!.closed, false, `${form} is not the client's doing`)
  }
  for (const [at, last] of [
    [0, 'message_start'],
    [99, 'content_block_stop'],
    ['message_stop', 'message_delta'],
  ] as const) {
    standin.script(cutAfter(at, 'eof', words))
    t.equal((await eventsOf(await post(standin))).at(-1)!.type, last)
  }
  standin.script(standins.resetBeforeHeaders())
  await t.rejects(post(standin))
  t.match(standin.calls.at(-1), { closed: false, status: undefined })
  for (const form of ['eof', 'drop', 'reset'] as const) {
    standin.script(cutAfter(1, form, words))
    await t.rejects(
      post(standin, bodyOf('x', { stream: false })).then((response) => response.json()),
      form,
    )
  }
})

void t.test('hanging ends with the client, and the record says so', async (t) => {
  const standin = await start(t)
  standin.script(standins.hang(1, 5), standins.hangBeforeHeaders())
  const client = new AbortController()
  const reader = (await post(standin, bodyOf('x'), client.signal)).body!.getReader()
  let read = ''
  while ((read.match(/event: ping/g) ?? []).length < 4) read += new TextDecoder().decode((await reader.read()).value as Uint8Array)
  t.equal(deltasOf(parse(read)).length, 1)
  client.abort()
  await reader.closed.catch(() => undefined)
  await standin.calls[0]!.ended
  t.equal(standin.calls[0]!.closed, true)

  const leaving = new AbortController()
  const left = t.rejects(post(standin, bodyOf('x'), leaving.signal))
  const waits = await standin.call(1)
  leaving.abort()
  await left
  await waits.ended
  t.match(standin.calls[1], { closed: true, status: undefined })
})

void t.test('pace and hold', async (t) => {
  const standin = await start(t)
  standin.script(message('a b c', { pace: { headersDelayMs: 40, firstTokenDelayMs: 40, tokenDelayMs: 20 } }))
  const from = performance.now()
  const response = await post(standin)
  t.ok(performance.now() - from >= 38, 'headers wait')
  await response.text()
  t.ok(performance.now() - from >= 115, 'tokens wait')

  let release = () => undefined as void
  const until = new Promise<void>((resolve) => (release = resolve))
  standin.script(message('a b c', { hold: { afterDeltas: 2, until } }))
  const held = await post(standin)
  while (standin.calls[1]!.deltas < 2) await sleep(5)
  // time for the third, were it not held
  await sleep(30)
  t.match(standin.calls[1], { deltas: 2, endedAt: undefined })
  release()
  t.equal(deltasOf(await eventsOf(held)).length, 3)
})

void t.test('bytes in odd pieces', async (t) => {
  const standin = await start(t)
  standin.script(message(text(['héllo 🙂 ', '漢字']), { splitBytes: 1 }))
  const socket = connect(standin.port, '127.0.0.1')
  const body = JSON.stringify(bodyOf('x'))
  socket.write(`POST /v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  await once(socket, 'close')
  const wire = Buffer.concat(chunks).toString('latin1')
  const sizes = [...wire.matchAll(/\r\n([\da-f]+)\r\n(?=.)/gs)].map((match) => match[1])
  t.ok(sizes.length > 300 && sizes.every((size) => size === '1' || size === '0'), 'every chunk is one byte')

  standin.script(message(text(['héllo 🙂 ', '漢字']), { splitBytes: 3 }))
  const texts = deltasOf(await eventsOf(await post(standin))).map((delta) => delta['text'])
  t.strictSame(texts, ['héllo 🙂 ', '漢字'])
})

void t.test('rules come before the queue, the queue before the fallback', async (t) => {
  const standin = await start(t, { fallback: () => message('fallback') })
  const ask = async (prompt: string) => {
    const whole = await wholeOf(await post(standin, bodyOf(prompt, { stream: false })))
    return (whole['content'] as { text: string }[])[0]!.text
  }
  standin.script(message('first'), (request) => message(`second for ${standins.lastUserText(request)}`))
  const remove = standin.when('MARK', message('once'), message('then'))
  standin.when(/"PATTERN\d"/, async () => message('pattern'))
  t.equal(await ask('has MARK'), 'once')
  t.equal(await ask('has MARK'), 'then')
  t.equal(await ask('has MARK'), 'then')
  t.equal(standin.queued, 2)
  t.equal(await ask('x'), 'first')
  t.equal(await ask('y'), 'second for y')
  t.equal(await ask('z'), 'fallback')
  t.equal(await ask('PATTERN1'), 'pattern')
  remove()
  t.equal(await ask('has MARK'), 'fallback')

  const markers = Array.from({ length: 20 }, (_, index) => `<marker-${index}>`)
  for (const marker of markers) standin.when(marker, message(marker, { pace: { headersDelayMs: 10 } }))
  t.strictSame(await Promise.all(markers.map(ask)), markers)

  standin.when('throws', () => {
    throw new Error('a mistake in a test')
  })
  t.match(await wholeOf(await post(standin, bodyOf('throws'))), { error: { message: /a mistake in a test/ } })
  standin.reset()
  t.equal(standin.requests.length, 0)
  t.equal(await ask('<marker-1>'), 'fallback')
})

void t.test('limits are honoured as the API does', async (t) => {
  const standin = await start(t)
  const reply = message([thinking('one two'), text(['three four END', ' five']), toolUse('t', {})], {
    honourLimits: true,
  })
  const cases: [MessagesRequest, string, string | null, string][] = [
    [{}, 'tool_use', null, 'three four END five'],
    [{ max_tokens: 3 }, 'max_tokens', null, 'three'],
    [{ max_tokens: 2 }, 'max_tokens', null, ''],
    [{ stop_sequences: ['nope', ' five', 'END'] }, 'stop_sequence', 'END', 'three four '],
    [{ stop_sequences: ['END'], max_tokens: 3 }, 'max_tokens', null, 'three'],
  ]
  for (const [limits, stopReason, stopSequence, expected] of cases) {
    standin.script(reply)
    const events = await eventsOf(await post(standin, bodyOf('x', limits)))
    t.match(events.at(-2), { delta: { stop_reason: stopReason, stop_sequence: stopSequence } })
    t.equal(textOf(events), expected)
  }
})

void t.test('the other endpoints, and requests that the API refuses', async (t) => {
  const standin = await start(t)
  const head = await fetch(standin.url, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.match(await wholeOf(await fetch(`${standin.url}/v1/models`)), { data: [{ type: 'model' }], has_more: false })
  const missing = await fetch(`${standin.url}/v1/nothing`)
  t.equal(missing.status, 404)
  t.match(await wholeOf(missing), { type: 'error', error: { type: 'not_found_error' } })
  const count = { method: 'POST', body: JSON.stringify({ ...bodyOf('one two three'), max_tokens: undefined }) }
  t.match(await wholeOf(await fetch(`${standin.url}/v1/messages/count_tokens`, count)), { input_tokens: 4 })

  const use = { role: 'assistant', content: [{ type: 'tool_use', id: 'u', name: 't', input: {} }] }
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'u', content: 'r' }] }
  const user = { role: 'user', content: 'q' }
  const marked = { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }
  const faults: [MessagesRequest, RegExp][] = [
    [{ messages: [user, use, user] }, /without `tool_result`/],
    [{ messages: [user, result] }, /unexpected `tool_use_id`/],
    [{ messages: [{ role: 'user', content: '' }] }, /non-empty/],
    [{ messages: [] }, /at least one message/],
    [{ tools: [{ name: 'a.b' }] }, /pattern/],
    [{ messages: [{ role: 'user', content: Array.from({ length: 5 }, () => marked) }] }, /Found 5/],
  ]
  standin.script(message('kept'))
  for (const [body, expected] of faults) {
    t.match(await wholeOf(await post(standin, bodyOf('x', body))), {
      error: { type: 'invalid_request_error', message: expected },
    })
  }
  t.equal(standin.queued, 1, 'a refused request takes no reply')
  t.equal((await post(standin, bodyOf('x', { messages: [user, use, result] }))).status, 200)
  t.equal((await fetch(`${standin.url}/v1/messages`, { method: 'POST', body: '{nope' })).status, 400)
})

void t.test('options', async (t) => {
  const standin = await start(t, { strict: false, keep: 2 })
  for (const prompt of ['a', 'b', '']) t.equal((await post(standin, bodyOf(prompt))).status, 200)
  t.strictSame(standin.requests.map(standins.lastUserText), ['b', ''])
  await t.rejects(standins.startStandin({ port: standin.port }), { code: 'EADDRINUSE' })
})

void t.test('close ends everything at once', async (t) => {
  const standin = await standins.startStandin()
  standin.when('wait', message('a b', { pace: { headersDelayMs: 60_000 } }))
  standin.when('slow', message('a b', { pace: { tokenDelayMs: 60_000 } }))
  standin.when('hang', standins.hang(1))
  const open = ['wait', 'slow', 'hang'].map((prompt) => post(standin, bodyOf(prompt)).then((response) => response.text()))
  const settled = Promise.allSettled(open)
  const records = await Promise.all([0, 1, 2].map((index) => standin.call(index)))
  const missing = t.rejects(standin.call(7), /reset or closed/)
  const from = performance.now()
  await standin.close()
  t.ok(performance.now() - from < 10_000, 'none of the minutes that they would take')
  t.ok((await settled).every((outcome) => outcome.status === 'rejected'))
  t.ok(records.every((record) => !record.closed && record.endedAt !== undefined))
  await missing
  await t.rejects(fetch(standin.url))
  await standin.close()
})

void t.test('the real CLI', async (t) => {
  const standin = await start(t)
  const run = (prompt: string, more: Partial<standins.CliOptions> = {}) => runCli({ baseUrl: standin.url, prompt, ...more })
  const calls = (marker: string): RecordedRequest[] => standin.calls.filter((call) => standins.contains(call, marker))
  const isDelta = (line: CliLine) => (line['event'] as SentEvent | undefined)?.type === 'content_block_delta'

  await t.test('text, from the default behaviour, in odd pieces', async (t) => {
    standin.when('M-text', (request) => ({ ...standins.demoBehaviour(request), splitBytes: 7 }))
    const { streamed, result, exitCode } = await run('M-text é 🙂', { args: ['--system-prompt=Be kind.'] })
    t.equal(streamed, `${notice} You said: "M-text é 🙂"`)
    t.match(result, { subtype: 'success', is_error: false, result: streamed, stop_reason: 'end_turn' })
    t.equal(exitCode, 0)
    const [call] = calls('M-text')
    t.match(call, { method: 'POST', path: '/v1/messages', query: '?beta=true', closed: false, status: 200 })
    t.equal(call!.headers['x-api-key'], 'stand-in-no-account-needed')
    t.equal(standins.systemText(call!), 'Be kind.')
    t.strictSame(standins.userTexts(call!), ['M-text é 🙂'])
  })

  await t.test('what the CLI adds is not taken for the user', async (t) => {
    await run('M-notes', { bare: false, args: ['--model=claude-haiku-4-5-20251001', '--system-prompt=Be kind.'] })
    const [call] = calls('M-notes')
    t.ok(standins.contains(call!, '<system-reminder>'), 'there is something to leave out')
    t.strictSame(standins.userTexts(call!), ['M-notes'])
    t.equal(standins.systemText(call!), 'Be kind.')
  })

  await t.test('thinking and usage', async (t) => {
    const usage = { input_tokens: 11, output_tokens: 22, cache_read_input_tokens: 33, cache_creation_input_tokens: 44 }
    standin.when('M-think', message([thinking(['hm ', 'hm'], 'sig'), text('done')], { usage }))
    const { lines, result } = await run('M-think')
    const blocks = lines.filter((line) => line.type === 'assistant').flatMap((line) => (line['message'] as { content: unknown[] }).content)
    t.match(blocks, [
      { type: 'thinking', thinking: 'hm hm', signature: 'sig' },
      { type: 'text', text: 'done' },
    ])
    t.match(result, { usage })
  })

  await t.test('a tool call, its result, and structured output', async (t) => {
    standin.when('M-tool', message(toolUse('nowhere', { a: 1 }, 'toolu_1')), message('after'))
    standin.when('M-schema', message(structuredOutput({ answer: 42 })))
    const schema = { type: 'object', properties: { answer: { type: 'integer' } }, required: ['answer'] }
    const [tool, structured] = await Promise.all([run('M-tool'), run('M-schema', { args: [`--json-schema=${JSON.stringify(schema)}`] })])
    t.match(tool.result, { result: 'after', is_error: false })
    t.match(standins.toolResults(calls('M-tool')[1]!), [{ id: 'toolu_1', isError: true, text: /No such tool/ }])
    t.match(structured.result, { structured_output: { answer: 42 } })
    t.equal(calls('M-schema').length, 1)
  })

  await t.test('an error, and output that is too long', async (t) => {
    standin.when('M-error', standins.overloaded())
    // the CLI asks for more as soon as it has the last event, which may be sooner than a signal reaches it
    standin.when('M-long', cutAfter('message_stop', 'hang', 'one two three', { stopReason: 'max_tokens' }))
    const isEnd = (line: CliLine) => (line['event'] as SentEvent | undefined)?.type === 'message_delta'
    const [error, long] = await Promise.all([run('M-error'), run('M-long', { until: isEnd })])
    t.match(error.result, { is_error: true, api_error_status: 529 })
    t.equal(error.exitCode, 1)
    t.equal(calls('M-error').length, 1)
    t.equal(long.streamed, 'one two three')
    t.match(long.lines.filter(isEnd), [{ event: { delta: { stop_reason: 'max_tokens' } } }])
    t.equal(calls('M-long').length, 1)
  })

  await t.test('cut streams, and a client that goes away', async (t) => {
    let seen = () => undefined as void
    const until = new Promise<void>((resolve) => (seen = resolve))
    standin.when('M-cut', cutAfter(2, 'reset', 'one two three', { until }))
    standin.when('M-event', cutAfter(2, 'error-event', 'one two three'))
    standin.when('M-hang', standins.hang(2))
    let deltas = 0
    const seenTwo = (line: CliLine) => {
      if (isDelta(line) && ++deltas === 2) seen()
      return false
    }
    const hung = run('M-hang', { until: (line) => isDelta(line) && calls('M-hang')[0]?.deltas === 2 })
    for (const { streamed, result } of await Promise.all([run('M-cut', { until: seenTwo }), run('M-event')])) {
      t.equal(streamed, 'one two')
      t.match(result, { is_error: true })
    }
    t.equal((await hung).result, undefined)
    const [call] = calls('M-hang')
    await call!.ended
    t.equal(call!.closed, true)
  })
})
