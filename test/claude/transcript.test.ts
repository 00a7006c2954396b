import t from 'tap'
import { historyLines, plainTextMark, userLine } from '../../src/claude/turn/transcript.js'
import type { Turn, UserBlock } from '../../src/request/conversation.js'

await t.test('which versions take the flag', async (t) => {
  const table: [string | null, string][] = [
    ['2.1.329', 'flag'],
    ['2.1.330', 'flag'],
    ['2.2.0', 'flag'],
    ['3.0.0', 'flag'],
    ['10.0.1', 'flag'],
    ['2.1.328', 'newline'],
    ['2.1.197', 'newline'],
    ['2.0.999', 'newline'],
    ['1.9.9999', 'newline'],
    ['', 'newline'],
    ['what', 'newline'],
    [null, 'newline'],
  ]
  for (const [version, mark] of table) t.equal(plainTextMark(version), mark, String(version))
})

const text = (words: string): UserBlock => ({ type: 'text', text: words })
const image: UserBlock = { type: 'image', mediaType: 'image/png', data: 'AAAA' }

await t.test('a user’s line', async (t) => {
  t.strictSame(userLine([text('hi')], 'flag', false), {
    type: 'user',
    text_not_typed: true,
    message: { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    parent_tool_use_id: null,
    session_id: '',
  })
  t.strictSame(userLine([text('hi')], 'newline', true), {
    type: 'user',
    shouldQuery: false,
    message: { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    parent_tool_use_id: null,
    session_id: '',
  })
  t.match(userLine([text('hi')], 'flag', true), { shouldQuery: false, text_not_typed: true })
})

await t.test('every kind of block', async (t) => {
  const result: UserBlock = {
    type: 'tool_result',
    toolCallId: 'call_1',
    content: [{ type: 'text', text: '/x' }, image],
  }
  const source = { type: 'base64', media_type: 'image/png', data: 'AAAA' }
  t.match(userLine([result, image, text('q')], 'flag', false), {
    message: {
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'call_1',
          content: [
            { type: 'text', text: '/x' },
            { type: 'image', source },
          ],
        },
        { type: 'image', source },
        { type: 'text', text: 'q' },
      ],
    },
  })
})

await t.test('the newline mark touches nothing but a last text that begins with a slash', async (t) => {
  const texts = (content: UserBlock[], mark: 'flag' | 'newline') => {
    const line = userLine(content, mark, false) as { message: { content: { text?: string }[] } }
    return line.message.content.map((block) => block.text)
  }
  const table: [UserBlock[], (string | undefined)[]][] = [
    [[text('/clear')], ['\n/clear']],
    [[text('/')], ['\n/']],
    [
      [text('a'), text('/x y')],
      ['a', '\n/x y'],
    ],
    [
      [text('/x'), text('a')],
      ['/x', 'a'],
    ],
    [
      [text('/x'), image],
      ['/x', undefined],
    ],
    [
      [image, text('/x')],
      [undefined, '\n/x'],
    ],
    [[text(' /x')], [' /x']],
    [[text('@/x')], ['@/x']],
  ]
  for (const [content, expected] of table) {
    const before = JSON.stringify(content)
    t.strictSame(texts(content, 'newline'), expected, before)
    t.strictSame(
      texts(content, 'flag'),
      content.map((block) => (block.type === 'text' ? block.text : undefined)),
    )
    t.equal(JSON.stringify(content), before, 'the request stays as it is')
  }
})

await t.test('history', async (t) => {
  const turns: Turn[] = [
    { role: 'user', content: [text('/q')] },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'a' },
        { type: 'tool_use', id: 'c', name: 'n', input: { x: 1 } },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', toolCallId: 'c', content: [] }] },
    { role: 'assistant', content: [{ type: 'text', text: '/b' }] },
  ]
  const lines = historyLines(turns, 'newline', { model: 'claude-test' })
  t.strictSame(
    lines.map(({ answered }) => answered),
    [true, false, true, false],
  )
  t.match(lines[0]!.line, { shouldQuery: false, message: { content: [{ text: '\n/q' }] } })
  t.strictSame(lines[1]!.line, {
    type: 'assistant',
    message: {
      role: 'assistant',
      id: 'msg_history_1',
      model: 'claude-test',
      content: [
        { type: 'text', text: 'a' },
        { type: 'tool_use', id: 'c', name: 'mcp__client__n', input: { x: 1 } },
      ],
    },
    parent_tool_use_id: null,
    session_id: '',
  })
  const ids = lines.map(({ line }) => (line as { message: { id?: string } }).message.id)
  t.not(ids[1], ids[3], 'the CLI would merge two turns of one id')
  t.strictSame(historyLines([], 'flag', { model: 'm' }), [])
})
