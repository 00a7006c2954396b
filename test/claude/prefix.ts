/** One conversation twice: in its own process, and replayed into another; for what the model's API gets of the two. */
import type { Test } from 'tap'
import type { Bridge } from '../helper.js'
import { type RecordedRequest, message, offered, text, toolUse } from '../standin/index.js'

export interface Message {
  role: string
  content: unknown
  tool_calls?: { id: string }[]
}

/** The last call of a conversation. */
export interface Pair {
  live: RecordedRequest
  replayed: RecordedRequest
}

export const user = (content: unknown): Message => ({ role: 'user', content })

export async function answerOf(bridge: Bridge, messages: Message[], more: object = {}): Promise<Message> {
  const response = await bridge.post('/v1/chat/completions', { model: 'sonnet', messages, ...more })
  const body = (await response.json()) as { choices: { message: Message }[] }
  if (response.status !== 200) throw new Error(JSON.stringify(body))
  return body.choices[0]!.message
}

/** The CLI's own id of the process's session. */
export const sessionOf = (call: RecordedRequest): unknown => call.headers['x-claude-code-session-id']

/** A member of what the model was asked, as it went over the wire but for `cache_control`: the CLI marks whatever is last. */
export function wire(call: RecordedRequest, member: 'system' | 'tools' | 'messages'): string {
  return JSON.stringify(call.body[member], (key, value: unknown) => (key === 'cache_control' ? undefined : value)) ?? ''
}

/**
 * Has the conversation in one process, and then its last turn once more: as another person, so it is replayed.
 * `turns`: what the user's side says after each answer.
 */
async function both(
  t: Test,
  bridge: Bridge,
  first: Message[],
  turns: ((answer: Message) => Message[])[],
  more: object = {},
): Promise<Pair> {
  const from = bridge.standin.calls.length
  let messages = first
  for (const turn of turns) {
    const answer = await answerOf(bridge, messages, more)
    messages = [...messages, answer, ...turn(answer)]
  }
  await answerOf(bridge, messages, more)
  const calls = bridge.standin.calls.slice(from)
  t.equal(calls.length, turns.length + 1)
  t.equal(new Set(calls.map(sessionOf)).size, 1, 'all in one process')
  // other people behind the same key share no process
  await answerOf(bridge, messages, { ...more, user: 'somebody-else' })
  const [live, replayed] = bridge.standin.calls.slice(-2) as [RecordedRequest, RecordedRequest]
  t.not(sessionOf(live), sessionOf(replayed), 'and once more in another')
  return { live, replayed }
}

export function chat(bridge: Bridge, t: Test): Promise<Pair> {
  const first = [{ role: 'system', content: 'Be brief.' }, user('Hello')]
  return both(t, bridge, first, [() => [user('And a joke?')], () => [user('Another one')]])
}

const parameters = { type: 'object', properties: { city: { type: 'string' } } }
const tools = [{ type: 'function', function: { name: 'get_weather', description: 'Weather', parameters } }]

/** Two rounds of calls, with words between them. */
export async function loop(bridge: Bridge, t: Test): Promise<Pair> {
  let asked = 0
  const remove = bridge.standin.when('P-loop', ({ body }) => {
    const last = JSON.stringify(body.messages?.findLast(({ role }) => role === 'user'))
    if (last.includes('tool_result')) return message('Sunny.')
    asked += 1
    return message([text('Let me look.'), toolUse(offered('get_weather'), { city: 'Rome', at: 'noon' }, `toolu_p${asked}`)])
  })
  const results = ({ tool_calls: calls }: Message) => (calls ?? []).map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'sun' }))
  try {
    return await both(t, bridge, [user('P-loop')], [results, () => [user('And tomorrow?')], results], { tools })
  } finally {
    remove()
  }
}
