/** Answers that have to be JSON of a schema, end to end. */
import t from 'tap'
import { realCli } from '../claude/real-cli.js'
import { onlyParked, startBridge } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { type RecordedRequest, message, offered, structuredOutput, text, thinking, toolUse } from '../standin/index.js'

const bridge = await startBridge(t, { warm: onlyParked, env: { WARM_PROCESSES: '1' } })
const { standin } = bridge
/** Its last error does not say what is wrong with the JSON, and it offers no tool for a schema with a keyword that it does not know. */
const older = (await realCli()).version === '2.1.197'

const person = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 1 }, age: { type: ['integer', 'null'] } },
  required: ['name', 'age'],
  additionalProperties: false,
}
const format = (schema: object, more: object = {}) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, ...more } },
})
const callsOf = (marker: string): RecordedRequest[] => standin.calls.filter((call) => JSON.stringify(call.body.messages).includes(marker))

interface Body {
  choices: { message: { content: string | null; refusal: string | null; tool_calls?: { id: string }[] }; finish_reason: string }[]
  error?: { message: string; code: string; param: string | null }
}

async function post(marker: string, body: Record<string, unknown>): Promise<{ status: number; body: Body }> {
  const response = await bridge.post('/v1/chat/completions', {
    ...{ model: 'sonnet', messages: [{ role: 'user', content: marker }] },
    ...body,
  })
  return { status: response.status, body: (await response.json()) as Body }
}

async function content(marker: string, body: Record<string, unknown>): Promise<unknown> {
  const answer = await post(marker, body)
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body))
  return JSON.parse(answer.body.choices[0]!.message.content!)
}

/** The texts of a streamed answer, and how it ended. */
async function streamed(marker: string, body: Record<string, unknown>) {
  const response = await bridge.post('/v1/chat/completions', {
    ...{ model: 'sonnet', stream: true, messages: [{ role: 'user', content: marker }] },
    ...body,
  })
  const pieces: string[] = []
  let finish: string | null = null
  let error: { code: string } | undefined
  for (const { data } of await framesOf(response)) {
    if (data === undefined || data === '[DONE]') continue
    const chunk = JSON.parse(data) as {
      error?: { code: string }
      choices?: { delta: { content?: string }; finish_reason: string | null }[]
    }
    error ??= chunk.error
    for (const choice of chunk.choices ?? []) {
      if (choice.delta.content) pieces.push(choice.delta.content)
      finish = choice.finish_reason ?? finish
    }
  }
  return { status: response.status, pieces, text: pieces.join(''), finish, error }
}

await t.test('a schema', async (t) => {
  const ann = { name: 'Ann', age: null }
  standin.when('S-schema', message([thinking('hm'), text('Here it is:'), structuredOutput(ann)]), message(structuredOutput(ann)))
  const answer = await post('S-schema', format(person, { strict: true, description: 'a person' }))
  t.match(answer.body.choices, [{ message: { content: '{"name":"Ann","age":null}', tool_calls: undefined }, finish_reason: 'stop' }])
  const [call] = callsOf('S-schema')
  t.match(call!.body.tools, [{ name: 'StructuredOutput', input_schema: person }])
  const stream = await streamed('S-schema', format(person, { strict: true }))
  t.match(stream, { text: '{"name":"Ann","age":null}', finish: 'stop' })
  t.ok(stream.pieces.length > 1, 'as it was written')
  t.equal(callsOf('S-schema').length, 2)
})

await t.test('what does not satisfy it is asked for again, and never shown', async (t) => {
  const bad = () => message([text('A draft'), structuredOutput({ name: '', age: 'old' })])
  const good = () => message(structuredOutput({ name: 'Bo', age: 7 }))
  standin.when('S-again', bad(), bad(), good(), bad(), good())
  t.strictSame(await content('S-again', format(person)), { name: 'Bo', age: 7 })
  t.equal(callsOf('S-again').length, 3)
  t.match(await streamed('S-again', format(person)), { text: '{"name":"Bo","age":7}', finish: 'stop' })
})

await t.test('prose, or never right: an error, in both ways', async (t) => {
  standin.when('S-prose', message('I would rather talk.'))
  const failure = { error: { code: 'output_not_valid', type: 'server_error', param: null } }
  const prose = await post('S-prose', format(person))
  t.equal(prose.status, 502)
  t.match(prose.body, failure)
  t.notMatch(JSON.stringify(prose.body), /rather talk/)
  const stream = await streamed('S-prose', format(person))
  t.equal(stream.text, '')
  t.ok(stream.status === 502 || stream.error?.code === 'output_not_valid')
  standin.when('S-never', message(structuredOutput({ name: 3 })))
  const never = await post('S-never', format(person))
  t.match(never.body, { error: { code: 'output_not_valid', message: older ? /after 5 attempts/ : /name/ } })
  t.ok(callsOf('S-never').length <= 6, `${callsOf('S-never').length} calls`)
})

await t.test('references, formats, unions, and keywords the CLI does not know', { skip: older && 'no tool for it' }, async (t) => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $ref: '#/$defs/Root',
    $defs: {
      Root: {
        type: 'object',
        properties: {
          at: { type: 'string', format: 'date-time' },
          pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], 'x-note': 'a pair' },
          next: { anyOf: [{ $ref: '#/$defs/Root' }, { type: 'null' }] },
        },
        required: ['at', 'next'],
        additionalProperties: false,
      },
    },
  }
  const value = { at: '2026-01-02T03:04:05Z', pair: ['a', 1], next: { at: '2026-01-02T03:04:05Z', next: null } }
  standin.when('S-refs', message(structuredOutput(value)))
  t.strictSame(await content('S-refs', format(schema)), value)
  t.match(callsOf('S-refs')[0]!.body.tools, [{ input_schema: { type: 'object', $defs: { Root: { type: 'object' } } } }])
  // what the CLI cannot check is checked all the same
  standin.when('S-pair', message(structuredOutput({ ...value, pair: [1, 'a'] })))
  t.match((await post('S-pair', format(schema))).body, { error: { code: 'output_not_valid', message: /pair/ } })
})

await t.test('json_object', async (t) => {
  standin.when('S-object', message(structuredOutput({ any: ['thing'] })))
  t.strictSame(await content('S-object', { response_format: { type: 'json_object' } }), { any: ['thing'] })
})

await t.test('together with functions: calls first, then the answer, in one process', async (t) => {
  standin.when(
    'S-both',
    message([text('I look it up.'), toolUse(offered('find'), { who: 'Cy' }, 'toolu_s')]),
    message(structuredOutput({ name: 'Cy', age: 3 })),
  )
  const tools = [{ type: 'function', function: { name: 'find', parameters: { type: 'object', properties: {} } } }]
  const messages: unknown[] = [{ role: 'user', content: 'S-both' }]
  const first = await post('S-both', { ...format(person), tools, messages })
  t.match(first.body.choices, [
    { finish_reason: 'tool_calls', message: { content: null, reasoning_content: 'I look it up.', tool_calls: [{ id: 'toolu_s' }] } },
  ])
  messages.push(first.body.choices[0]!.message, { role: 'tool', tool_call_id: 'toolu_s', content: 'age 3' })
  t.strictSame(await content('S-both', { ...format(person), tools, messages }), { name: 'Cy', age: 3 })
  const sessions = callsOf('S-both').map((call) => call.headers['x-claude-code-session-id'])
  t.equal(new Set(sessions).size, 1)
  t.equal(sessions.length, 2)
})

await t.test('cut short: what there is, and the reason', async (t) => {
  standin.when('S-long', message(structuredOutput(['{"name":"Di']), { stopReason: 'max_tokens' }))
  const { body } = await post('S-long', format(person))
  t.match(body.choices, [{ finish_reason: 'length', message: { content: '{"name":"Di' } }])
})

await t.test('a schema that is none: 400 before anything is asked', async (t) => {
  const before = standin.calls.length
  const deep: Record<string, unknown> = {}
  let at = deep
  for (let level = 0; level < 300; level++) at = at['not'] = {}
  const cases: object[] = [
    { type: 'array', items: {} },
    { type: 'string' },
    { anyOf: [{ type: 'object' }, { type: 'null' }] },
    { type: 'object', properties: { a: { type: 'nonsense' } } },
    { type: 'object', properties: { a: { $ref: '#/$defs/missing' } } },
    { type: 'object', properties: { a: { $ref: 'https://example.com/schema.json' } } },
    { type: 'object', properties: { a: { pattern: '(' } } },
    { type: 'object', ...deep },
    { $ref: '#/$defs/__proto__', $defs: {} },
  ]
  for (const schema of cases) {
    const { status, body } = await post('S-none', format(schema))
    t.equal(status, 400)
    t.match(body.error, { code: 'invalid_json_schema', param: 'response_format.json_schema.schema' }, String(body.error?.message))
  }
  t.equal(standin.calls.length, before)
})

await t.test('a pattern that would hang holds nobody up', async (t) => {
  const schema = { type: 'object', properties: { name: { type: 'string', pattern: '^(a+)+$' } }, required: ['name'] }
  standin.when('S-hang', message(structuredOutput({ name: `${'a'.repeat(40)}!` })))
  const hanging = post('S-hang', { ...format(schema), timeout: 3 })
  standin.when('S-beside', message('still here'))
  t.equal((await post('S-beside', {})).body.choices[0]!.message.content, 'still here')
  const { status, body } = await hanging
  t.ok(status >= 500, `${status} ${body.error?.code}`)
})
