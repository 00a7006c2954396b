/** A large request is checked in cuts, and what comes of it is what a check of the whole says. */
import t from 'tap'
import { chatRequestSchema } from '../../src/openai/in/chat-request.js'
import { parseChat, parseLargeChat } from '../../src/openai/in/parse-chat.js'
import { validate } from '../../src/errors/request-error.js'
import { responseRequestSchema } from '../../src/openai/responses/request.js'
import { isLarge, validateLarge } from '../../src/openai/in/validate-large.js'
import { refusalOf } from './parse.js'

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
const user = { role: 'user', content: 'hi', more: 1 }
const part = (index: number) => ({ type: 'text', text: `part ${index}` })
const call = (index: number) => ({ id: `c${index}`, type: 'function', function: { name: 'look', arguments: '{}' } })
const result = (index: number) => ({ role: 'tool', tool_call_id: `c${index}`, content: index % 2 ? 'ok' : times(3, part) })
const calls = (count: number) => [{ role: 'assistant', content: times(700, part), tool_calls: times(count, call) }, ...times(count, result)]

const bodies: [name: string, messages: unknown[], large: boolean][] = [
  ['few', [user], false],
  ['500 less one', times(249, () => user), false],
  ['many', times(1234, () => user), true],
  ['one with many parts', [user, { role: 'user', content: times(1750, part) }, user], true],
  ['calls, text and results', [user, ...calls(1300)], true],
  ['lists that are empty', [{ role: 'assistant', content: [], tool_calls: [] }, ...times(600, () => user)], true],
  ['one that is wrong far behind', [...times(1800, () => user), { role: 'user' }, { role: 'x' }], true],
  ['a part that is wrong far behind', [user, { role: 'user', content: [...times(1300, part), { type: 'text' }] }, user], true],
  ['a call that is wrong', [user, { role: 'assistant', tool_calls: [...times(900, call), { type: 'function' }] }], true],
  ['nothing at all', times(1000, () => null), true],
  ['numbers and lists', [...times(700, () => user), 5, []], true],
  ['no parts', [...times(700, () => user), { role: 'user', content: [] }, { role: 'assistant', content: 'x' }, user], true],
]

await t.test('chat requests', async (t) => {
  for (const [name, messages, large] of bodies) {
    for (const members of [{}, { temperature: 'hot' }, { stop: 'x', own: [1] }]) {
      const body = { model: 'sonnet', messages, ...members }
      t.equal(isLarge(body), large, name)
      const whole = validate(chatRequestSchema, body)
      const inCuts = await validateLarge(chatRequestSchema, body)
      t.strictSame(inCuts.value, whole.value, name)
      t.strictSame(inCuts.error?.failure, whole.error?.failure, name)
      if (whole.value === undefined) continue
      const { run, ignored } = parseChat(whole.value, { claudeModel: 'sonnet' })
      t.strictSame(await parseLargeChat(inCuts.value!, { claudeModel: 'sonnet' }), {
        ...parseChat(whole.value, { claudeModel: 'sonnet' }),
        run,
        ignored,
      })
    }
  }
})

await t.test('requests for responses', async (t) => {
  const right = [
    ...times(800, (index) => ({ type: 'function_call', call_id: `c${index}`, name: 'look', arguments: '{}' })),
    ...times(800, (index) => ({
      type: 'function_call_output',
      call_id: `c${index}`,
      output: times(index === 5 ? 900 : 2, (at) => ({ type: 'input_text', text: `${at}` })),
    })),
  ]
  for (const input of [right, [...right, { type: 'unheard of' }], [...right, { role: 'user', content: 5 }]]) {
    const body = { model: 'sonnet', input }
    const whole = validate(responseRequestSchema, body)
    const inCuts = await validateLarge(responseRequestSchema, body)
    t.strictSame(inCuts.value, whole.value)
    t.strictSame(inCuts.error?.failure, whole.error?.failure)
  }
})

await t.test('others have their turn meanwhile', async (t) => {
  const body = { model: 'sonnet', messages: [user, ...calls(20_000)] }
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const { value } = await validateLarge(chatRequestSchema, body)
  const checking = turns
  await parseLargeChat(value!, { claudeModel: 'sonnet' })
  clearInterval(timer)
  t.ok(checking > 1, `${checking} turns while it was checked`)
  t.ok(turns > checking + 1, `${turns - checking} turns while it was read`)
})

await t.test('what is wrong with messages is said when it is its turn', async (t) => {
  const body = { model: 'nobody', messages: [{ role: 'tool', tool_call_id: 'x', content: 'ok' }] }
  const { value } = validate(chatRequestSchema, body)
  t.equal((await refusalOf(parseLargeChat(value!, { claudeModel: 'sonnet' }))).code, 'model_not_found')
  t.equal((await refusalOf(parseLargeChat({ ...value!, model: 'sonnet' }, { claudeModel: 'sonnet' }))).param, 'messages[0].tool_call_id')
})
