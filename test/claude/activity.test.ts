/** Tools used inside a run, read off recorded shapes of the CLI's output. */
import t from 'tap'
import { TurnReader } from '../../src/claude/turn/turn.js'
import type { CliMessage } from '../../src/claude/protocol/messages.js'
import type { JobEvent } from '../../src/jobs/events.js'

const event = (body: object): CliMessage => ({ type: 'stream_event', event: body })
const begins = (id: string) => event({ type: 'message_start', message: { id, model: 'm' } })
const says = (text: string) => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
const calls = (index: number, id: string, name: string, ...pieces: string[]) => [
  event({ type: 'content_block_start', index, content_block: { type: 'tool_use', id, name } }),
  ...pieces.map((partial_json) => event({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } })),
  event({ type: 'content_block_stop', index }),
]
const ends = (stop_reason: string) => event({ type: 'message_delta', delta: { stop_reason } })
const results = (...blocks: object[]): CliMessage => ({ type: 'user', message: { role: 'user', content: blocks } })
const done: CliMessage = { type: 'result', subtype: 'success', is_error: false, stop_reason: 'end_turn', usage: {} }

function read(...messages: CliMessage[]): JobEvent[] {
  const events: JobEvent[] = []
  const reader = new TurnReader({
    choice: 0,
    model: 'm',
    functions: new Map([['mcp__client__f', 'f']]),
    emit: (event) => events.push(event),
  })
  for (const message of messages) reader.read(message)
  return events
}

await t.test('started and finished, with size and success', async (t) => {
  const events = read(
    begins('1'),
    ...calls(1, 'a', 'mcp__x__write', '{"p":', '"ü"}'),
    ...calls(2, 'b', 'Read'),
    ends('tool_use'),
    results({ type: 'tool_result', tool_use_id: 'b', is_error: true }, { type: 'tool_result', tool_use_id: 'nobody' }, { type: 'text' }),
    results({ type: 'tool_result', tool_use_id: 'a', content: 'ok' }),
    results({ type: 'tool_result', tool_use_id: 'a', content: 'again' }),
    { type: 'user', message: { content: 'no list' } },
    { type: 'user' },
    begins('2'),
    says('Done.'),
    ends('end_turn'),
    done,
  )
  t.match(
    events.filter(({ type }) => type === 'tool_activity'),
    [
      { id: 'a', tool: 'mcp__x__write', state: 'started', inputBytes: 10 },
      { id: 'b', tool: 'Read', state: 'started', inputBytes: 0 },
      { id: 'b', tool: 'Read', state: 'finished', ok: false, durationMs: Number },
      { id: 'a', tool: 'mcp__x__write', state: 'finished', ok: true },
    ],
  )
  t.equal(events.filter(({ type }) => type === 'tool_activity').length, 4)
  t.equal(events.filter(({ type }) => type === 'tool_call').length, 0, 'none of them is a call of the client')
})

await t.test('what is said before and after is two paragraphs', async (t) => {
  const use = [...calls(1, 'a', 'Read'), ends('tool_use'), results({ type: 'tool_result', tool_use_id: 'a' })]
  const text = (...messages: CliMessage[]) =>
    read(...messages)
      .flatMap((event) => (event.type === 'text' ? [event.text] : []))
      .join('|')
  t.equal(text(begins('1'), says('One.'), ...use, begins('2'), says('T'), says('wo.'), ends('end_turn'), done), 'One.|\n\nT|wo.')
  t.equal(text(begins('1'), says('One.'), ...use, begins('2'), says('\nTwo.'), ends('end_turn'), done), 'One.|\nTwo.')
  t.equal(text(begins('1'), ...use, begins('2'), says('Two.'), ends('end_turn'), done), 'Two.')
  t.equal(
    text(begins('1'), says('One.'), ...use, begins('2'), ...use, begins('3'), says('Three.'), ends('end_turn'), done),
    'One.|\n\nThree.',
  )
})
