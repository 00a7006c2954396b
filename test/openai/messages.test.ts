/** OpenAI's messages -> the conversation the model sees. */
import t from 'tap'
import type { ErrorCode } from '../../src/errors/catalogue.js'
import type { Conversation } from '../../src/request/conversation.js'
import { parse, refusal } from './parse.js'

const run = (...messages: unknown[]) => parse({ model: 'sonnet', messages })
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const text = (value: string) => ({ type: 'text', text: value })
const says = (value: string) => ({ role: 'user', content: value })
const said = (value: string) => ({ role: 'assistant', content: value })
const call = (id: string, args = '{"a":1}') => ({ id, type: 'function', function: { name: 'f', arguments: args } })
const calls = (...list: unknown[]) => ({ role: 'assistant', content: null, tool_calls: list })
const result = (id: string, content: unknown = 'r') => ({ role: 'tool', tool_call_id: id, content })

const called = (name: string) => ({ role: 'assistant', content: null, function_call: { name, arguments: '{}' } })

function conversation(...messages: unknown[]): Conversation {
  const { system, turns } = run(...messages).run
  return { system, turns }
}

await t.test('roles and content', async (t) => {
  t.same(conversation(says('hi')), { system: [], turns: [{ role: 'user', content: [text('hi')] }] })
  t.same(
    conversation(
      { role: 'system', content: 'one' },
      says('a'),
      { role: 'developer', content: [text('two'), { type: 'input_text', text: 'three' }] },
      said('b'),
      says('c'),
      { role: 'system', content: 'four' },
    ),
    {
      system: ['one', 'two', 'three', 'four'],
      turns: [
        { role: 'user', content: [text('a')] },
        { role: 'assistant', content: [text('b')] },
        { role: 'user', content: [text('c')] },
      ],
    },
    'system messages of both names go in front, in their order',
  )
  t.same(
    conversation(
      said('first'),
      { role: 'user', content: [text('a'), { type: 'input_text', text: 'b' }] },
      {
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'c' },
          { type: 'refusal', refusal: 'no' },
        ],
      },
      { role: 'assistant', content: null, refusal: 'never' },
      says('d'),
    ).turns,
    [
      { role: 'assistant', content: [text('first')] },
      { role: 'user', content: [text('a'), text('b')] },
      { role: 'assistant', content: [text('c'), text('no'), text('never')] },
      { role: 'user', content: [text('d')] },
    ],
    'parts are blocks, messages of one role are one turn',
  )
  t.same(conversation(says('a'), says('b')).turns, [{ role: 'user', content: [text('a'), text('b')] }])
})

await t.test('question', async (t) => {
  t.same(parse({ model: 'sonnet', question: ' q ' }).run.turns, [{ role: 'user', content: [text(' q ')] }])
  t.same(parse({ model: 'sonnet', question: 'q', messages: [says('m')] }).run.turns, [{ role: 'user', content: [text('m')] }])
})

await t.test('text is kept byte for byte', async (t) => {
  const values = [' a \n', '\t/help', '@/etc/passwd', '\u0000\ud83d', 'e\u0301', 'a\u2028', '{{x}} ${y}', '</s>']
  for (const value of values) {
    t.same(conversation({ role: 'system', content: value }, says(value), said(value), says(value)), {
      system: [value],
      turns: ['user', 'assistant', 'user'].map((role) => ({ role, content: [text(value)] })),
    })
  }
})

await t.test('nothing said', async (t) => {
  const parts = (...values: string[]) => ({ role: 'user', content: values.map(text) })
  t.same(conversation(parts('', 'a', '', '\n', 'b', ' ')).turns[0]!.content, [text('a\n'), text('b ')])
  t.same(conversation(parts('\n', 'a')).turns[0]!.content, [text('\na')], 'white space goes with the text beside it')
  t.same(conversation(says('a'), said(''), said(' '), says('b')).turns, [{ role: 'user', content: [text('a'), text('b')] }])
  t.same(conversation(says('a'), { role: 'assistant' }).turns.length, 1, 'an empty answer at the end is none')
  t.same(conversation(says('a'), { role: 'assistant', content: [] }, says('b')).turns.length, 1)
  t.same(conversation({ role: 'system', content: '' }, says('a')).system, [])
  t.same(
    conversation(says('a'), { ...calls(call('c')), content: '' }, result('c', '')).turns.slice(1),
    [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: { a: 1 } }] },
      { role: 'user', content: [{ type: 'tool_result', toolCallId: 'c', content: [] }] },
    ],
    'a tool may return nothing',
  )
  t.same(conversation(calls(call('c')), result('c', [])).turns[1]!.content, [{ type: 'tool_result', toolCallId: 'c', content: [] }])
})

await t.test('only system messages: they are what the user says', async (t) => {
  t.same(conversation({ role: 'system', content: 'a' }, { role: 'developer', content: 'b' }), {
    system: [],
    turns: [{ role: 'user', content: [text('a'), text('b')] }],
  })
})

await t.test('tool calls and their results', async (t) => {
  t.same(
    conversation(
      says('go'),
      { role: 'assistant', content: 'let me see', tool_calls: [call('c1'), call('c2', '')] },
      result('c2', [text('two'), text('parts')]),
      { role: 'system', content: 'in between' },
      result('c1'),
      says('and?'),
      says('well?'),
    ),
    {
      system: ['in between'],
      turns: [
        { role: 'user', content: [text('go')] },
        {
          role: 'assistant',
          content: [
            text('let me see'),
            { type: 'tool_use', id: 'c1', name: 'f', input: { a: 1 } },
            { type: 'tool_use', id: 'c2', name: 'f', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', toolCallId: 'c1', content: [text('r')] },
            { type: 'tool_result', toolCallId: 'c2', content: [text('two'), text('parts')] },
            text('and?'),
            text('well?'),
          ],
        },
      ],
    },
    'parallel results are one turn, right after the calls and in their order',
  )
  t.equal(conversation(says('a'), calls(call('c')), result('c')).turns.length, 3, 'a tool message may be the last')
  t.same(conversation({ ...said('a'), tool_calls: [] }, says('b')).turns[0]!.content, [text('a')])
})

await t.test('ids that the Claude API would refuse', async (t) => {
  const ids = conversation(
    calls(call('functions.f:0'), call('functions_f_0')),
    result('functions.f:0', 'x'),
    result('functions_f_0', 'y'),
    calls(call('functions.f:0')),
    result('functions.f:0', 'z'),
  ).turns.flatMap((turn) => turn.content.map((block) => ('id' in block ? block.id : 'toolCallId' in block ? block.toolCallId : '')))
  t.same(ids, ['functions_f_0', 'functions_f_0-2', 'functions_f_0', 'functions_f_0-2', 'functions_f_0-3', 'functions_f_0-3'])
})

await t.test('arguments', async (t) => {
  const inputs = (args: string) => conversation(calls(call('c', args)), result('c')).turns[0]!.content
  t.match(inputs('{"b":[1,{"c":null}]}'), [{ input: { b: [1, { c: null }] } }])
  t.match(inputs(' '), [{ input: {} }])
  t.match(inputs('null'), [{ input: {} }])
  t.match(JSON.stringify(inputs('{"__proto__":{"x":1}}')), '"input":{"__proto__":{"x":1}}')
  const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  // models write such, and their clients send it back
  for (const broken of ['{', '{"a":1', '[]', '5', '"{}"', '{"a":undefined}']) {
    t.match(inputs(broken), [{ input: { INVALID_JSON: broken } }])
  }
  const failure = refusal(() => run(says('a'), calls(call('x'), call('c', deep))))
  t.match(failure, { code: 'invalid_value', param: 'messages[1].tool_calls[1].function.arguments' }, failure.message)
})

await t.test("OpenAI's former names of a call and its result", async (t) => {
  t.same(conversation(called('f'), { role: 'function', name: 'f', content: 'r' }).turns, [
    { role: 'assistant', content: [{ type: 'tool_use', id: 'function_f', name: 'f', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', toolCallId: 'function_f', content: [text('r')] }] },
  ])
})

await t.test('histories that cannot be', async (t) => {
  const cases: [unknown[], ErrorCode, string][] = [
    [[says('a'), said('b')], 'unsupported_value', 'messages[1].role'],
    [[says('a'), said('b'), said(''), { role: 'system', content: 's' }], 'unsupported_value', 'messages[1].role'],
    [[said('b')], 'unsupported_value', 'messages[0].role'],
    [[said('')], 'invalid_value', 'messages'],
    [[{ role: 'system', content: ' ' }], 'invalid_value', 'messages'],
    [[says('')], 'invalid_value', 'messages[0].content'],
    [[says('a'), says(' \n')], 'invalid_value', 'messages[1].content'],
    [[{ role: 'user', content: [text('')] }], 'invalid_value', 'messages[0].content'],
    [[says('a'), calls(call('c'))], 'invalid_value', 'messages[1].tool_calls[0].id'],
    [[calls(call('c'), call('d')), result('c'), says('x')], 'invalid_value', 'messages[0].tool_calls[1].id'],
    [[calls(call('c')), says('x'), result('c')], 'invalid_value', 'messages[0].tool_calls[0].id'],
    [[calls(call('c'), call('c')), result('c')], 'invalid_value', 'messages[0].tool_calls[1].id'],
    [[result('c')], 'invalid_value', 'messages[0].tool_call_id'],
    [[says('a'), result('c')], 'invalid_value', 'messages[1].tool_call_id'],
    [[calls(call('c')), result('d')], 'invalid_value', 'messages[1].tool_call_id'],
    [[calls(call('c')), result('c'), result('c')], 'invalid_value', 'messages[2].tool_call_id'],
    [[calls(call('c')), result('c'), says('x'), result('c')], 'invalid_value', 'messages[3].tool_call_id'],
    [[says('a'), { role: 'function', name: 'f', content: 'r' }], 'invalid_value', 'messages[1].name'],
    [[called('f'), { role: 'function', name: 'g', content: 'r' }], 'invalid_value', 'messages[1].name'],
    [[called('f'), says('a')], 'invalid_value', 'messages[0].function_call'],
    [[{ role: 'assistant', audio: { id: 'a' } }], 'invalid_value', 'messages'],
  ]
  for (const [messages, code, param] of cases) {
    const failure = refusal(() => run(...messages))
    t.match(failure, { code, param }, failure.message)
  }
})

await t.test('members of messages without effect are named once', async (t) => {
  const answer = { ...said('b'), refusal: null, annotations: [], audio: null, function_call: null, tool_calls: null }
  t.same(run(says('a'), answer, says('c')).ignored, [], 'an answer can be sent back as it came')
  t.same(
    run(
      { ...says('a'), name: 'Ann' },
      { ...said('b'), reasoning_content: 'hm', name: 'Bot' },
      { role: 'user', name: 'Ann', content: [{ ...text('x'), prompt_cache_breakpoint: { mode: 'explicit' } }] },
      calls({ ...call('c'), index: 0 }),
      result('c'),
    ).ignored,
    ['messages[].name', 'messages[].reasoning_content', 'messages[].content[].prompt_cache_breakpoint', 'messages[].tool_calls[].index'],
  )
})

await t.test('a conversation goes on, whatever its past is like', async (t) => {
  const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }
  const block = { type: 'image', mediaType: 'image/png', data: png }
  const note = text('(The result of a tool, of a call that is not part of this conversation:)')
  const cases: [name: string, past: unknown[], turns: unknown[], ignored: string[]][] = [
    ['an empty message', [says('a'), said('b'), says(''), said('c')], [['a'], ['b', 'c']], ['messages[].content']],
    ['a list without parts', [says('a'), said('b'), { role: 'user', content: [] }, said('c')], [['a'], ['b', 'c']], ['messages[].content']],
    ['no content', [says('a'), said('b'), { role: 'user', content: null }, said('c')], [['a'], ['b', 'c']], ['messages[].content']],
    [
      'an image of the assistant',
      [says('a'), { role: 'assistant', content: [text('b'), image] }],
      [['a'], ['b'], [block]],
      ['messages[].content[].image_url'],
    ],
    [
      'the same in the words of the Responses API',
      [says('a'), { role: 'assistant', content: [{ type: 'input_image', image_url: image.image_url.url }, text('b')] }],
      [['a'], ['b'], [block]],
      ['messages[].content[].image_url'],
    ],
    [
      'an upload elsewhere',
      [
        { role: 'user', content: [text('a'), { type: 'file', file: { file_id: 'file-1' } }, { type: 'input_image', file_id: 'file-2' }] },
        said('b'),
      ],
      [['a'], ['b']],
      ['messages[].content[].file.file_id', 'messages[].content[].file_id'],
    ],
    ['an answer in sound', [says('a'), { ...said('b'), audio: { id: 'audio_1' } }], [['a'], ['b']], ['messages[].audio']],
    [
      'a call that was never answered',
      [says('a'), calls(call('c')), says('stop'), said('b')],
      [
        ['a'],
        [{ type: 'tool_use', id: 'c' }],
        [{ type: 'tool_result', toolCallId: 'c', content: [text('(There is no result of this call.)')] }, 'stop'],
        ['b'],
      ],
      ['messages[].tool_calls[].id'],
    ],
    [
      'a result of a call that is not there',
      [says('a'), said('b'), result('odd', 'found'), said('c')],
      [['a'], ['b'], [note, 'found'], ['c']],
      ['messages[].tool_call_id'],
    ],
    [
      'a result that comes twice',
      [says('a'), calls(call('c')), result('c', 'one'), result('c', 'two'), said('b')],
      [['a'], [{ id: 'c' }], [{ toolCallId: 'c', content: [text('one')] }, note, 'two'], ['b']],
      ['messages[].tool_call_id'],
    ],
    [
      'two calls with one id',
      [says('a'), calls(call('c'), call('c')), result('c', 'one'), result('c', 'two'), said('b')],
      [
        ['a'],
        [{ id: 'c' }, { id: 'c-2' }],
        [
          { toolCallId: 'c', content: [text('one')] },
          { toolCallId: 'c-2', content: [text('two')] },
        ],
        ['b'],
      ],
      [],
    ],
    [
      'calls that were made together, each in its message',
      [says('a'), calls(call('c')), calls(call('d')), result('c'), result('d'), said('b')],
      [['a'], [{ id: 'c' }, { id: 'd' }], [{ toolCallId: 'c' }, { toolCallId: 'd' }], ['b']],
      [],
    ],
  ]
  for (const [name, past, turns, ignored] of cases) {
    const { run: asked, ignored: named } = run(...past, says('and now?'))
    const last = turns.at(-1) as unknown[]
    const carried = last.some((one) => one === block)
    const expected = carried ? [...turns.slice(0, -1), [...last, 'and now?']] : [...turns, ['and now?']]
    t.match(
      asked.turns.map(({ content }) => content),
      expected.map((turn) => (turn as unknown[]).map((one) => (typeof one === 'string' ? text(one) : one))),
      name,
    )
    t.strictSame(named, ignored, name)
    t.ok(
      asked.turns.every(({ role }, index) => role === (index % 2 === 0 ? 'user' : 'assistant')),
      `${name}: turns alternate`,
    )
  }
})

await t.test("histories in the words of Anthropic's API, and of servers that are not exact", async (t) => {
  const source = { type: 'base64', media_type: 'image/png', data: png }
  const asked = run(
    { role: 'user', content: [{ type: 'image', source }, text('what is it?')] },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        text('I look.'),
        { type: 'tool_use', id: 'tu', name: 'look', input: { a: 1 } },
      ],
    },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'tu', content: [text('seen'), { type: 'image', source }] }, text('and?')],
    },
  )
  t.match(asked.run.turns, [
    { role: 'user', content: [{ type: 'image', mediaType: 'image/png', data: png }, text('what is it?')] },
    { role: 'assistant', content: [text('I look.'), { type: 'tool_use', id: 'tu', name: 'look', input: { a: 1 } }] },
    { role: 'user', content: [{ type: 'tool_result', toolCallId: 'tu', content: [text('seen'), { type: 'image' }] }, text('and?')] },
  ])
  t.strictSame(asked.ignored, ['messages[].content[].thinking'])
  const pdf = Buffer.from('%PDF-1.4 x').toString('base64')
  t.match(
    run({
      role: 'user',
      content: [{ type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: pdf } }],
    }).run.turns[0]!.content,
    [{ type: 'document', mediaType: 'application/pdf', data: pdf, title: 'a.pdf' }],
  )

  const loose = [{ function: { name: 'f', arguments: { a: 1 } } }, { id: '', type: 'function', function: { name: 'g', arguments: null } }]
  const turns = conversation(says('a'), calls(...loose), result('', null), result('', 'two')).turns
  t.match(turns.slice(1), [
    {
      content: [
        { id: 'call', name: 'f', input: { a: 1 } },
        { id: 'call-2', name: 'g', input: {} },
      ],
    },
    {
      content: [
        { toolCallId: 'call', content: [] },
        { toolCallId: 'call-2', content: [text('two')] },
      ],
    },
  ])
  const custom = { id: 'cu', type: 'custom', custom: { name: 'edit', input: 'x\ny' } }
  t.match(conversation(calls(custom), result('cu')).turns[0]!.content, [{ id: 'cu', name: 'edit', input: { input: 'x\ny' } }])
})
