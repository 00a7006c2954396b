/** Over HTTP: whose process answers. Only the same key meets a process again, and nothing of what it had heard beside the request's own history. */
import t, { type Test } from 'tap'
import { startBridge } from '../helper.js'
import { isCliAddition } from '../standin/cli-additions.js'
import { message } from '../standin/index.js'
import { sessionOf } from './prefix.js'

const bridge = await startBridge(t, {
  env: { WARM_PROCESSES: '1', API_KEYS: 'anna:key-of-anna,bert:key-of-bert' },
  warm: { total: 1, parked: 8 },
  standin: { fallback: () => message('Fine.') },
})
const { standin } = bridge

type Said = { role: string; content: unknown }
const user = (content: unknown): Said => ({ role: 'user', content })
const fine: Said = { role: 'assistant', content: 'Fine.' }

/** Of a text, or of a list of text parts, without what the CLI adds (2.1.197 puts a date before the first question). */
const textOf = (content: unknown): unknown => {
  if (!Array.isArray(content)) return content
  const texts = (content as { text?: string }[]).map(({ text = '' }) => text)
  return texts.filter((text) => !isCliAddition(text)).join('')
}

let marks = 100
/** what was asked last, as it was sent: the answer to it follows in the next turn */
let last: Said[] = []

/** @returns the session of the process that answered */
async function ask(key: string, messages: Said[], more: object = {}): Promise<unknown> {
  const authorization = `Bearer key-of-${key}`
  const marker = `mark-${marks++}`
  last = [...messages.slice(0, -1), { role: 'user', content: `${String(messages.at(-1)!.content)} ${marker}` }]
  const response = await bridge.post('/v1/chat/completions', { model: 'sonnet', messages: last, ...more }, { authorization })
  const text = await response.text()
  if (response.status !== 200) throw new Error(text)
  return sessionOf(standin.calls.find((call) => JSON.stringify(call.body.messages).includes(`${marker}"`))!)
}

await t.test('another key never meets the process, the same key does', async (t) => {
  const began = await ask('anna', [user('Hello')])
  const next = [...last, fine, user('go on')]
  t.not(await ask('bert', next), began, 'bert has a process of his own')
  t.equal(await ask('anna', next), began, 'anna goes on in hers')
})

/** Another conversation of two turns, and what may not go on in its process; that is still there for its own. */
async function neverMeets(t: Test, variants: (one: Said[], two: Said[]) => [string, Said[], object?][]): Promise<void> {
  const began = await ask('anna', [user('one')])
  const one = [...last, fine]
  t.equal(await ask('anna', [...one, user('two')]), began)
  const two = [...last, fine]
  for (const [name, messages, more] of variants(one, two)) t.not(await ask('anna', messages, more), began, name)
  t.equal(await ask('anna', [...two, user('three')]), began, 'which all the while waited for this one')
}

await t.test('any other history of the same key: the model gets that and nothing else', async (t) => {
  await ask('anna', [user('one')])
  const one = [...last, fine]
  await ask('anna', [...one, user('two')])
  const two = [...last, fine]
  const variants: [string, Said[]][] = [
    ['shortened at its start', [...two.slice(2), user('three')]],
    ['shortened at its end', [...one, user('three')]],
    ['the last answer anew', two.slice(0, -1)],
    ['an edited first question', [user('ONE'), ...two.slice(1), user('three')]],
    ['an edited answer', [...two.slice(0, -1), { role: 'assistant', content: 'fine.' }, user('three')]],
    ['an answer with white space behind it', [...two.slice(0, -1), { role: 'assistant', content: 'Fine. ' }, user('three')]],
    ['as one text', [user(JSON.stringify(two)), fine, user('three')]],
  ]
  for (const [name, messages] of variants) {
    await ask('anna', messages)
    // the CLI's own note on the effort stands in a replayed history, and has no words
    const said = standin.calls.at(-1)!.body.messages?.filter(({ role }) => role !== 'system')
    const told = said?.map(({ role, content }) => [role, textOf(content)])
    t.strictSame(
      told,
      last.map(({ role, content }) => [role, content]),
      name,
    )
  }
})

await t.test('the same history with anything else beside it is another process’s', (t) => {
  const parameters = { type: 'object', properties: {} }
  const tools = [{ type: 'function', function: { name: 'f', parameters } }]
  return neverMeets(t, (_, two) => [
    ['a system prompt', [{ role: 'system', content: 'Be long.' }, ...two, user('three')]],
    ['other tools', [...two, user('three')], { tools }],
    ['another model', [...two, user('three')], { model: 'haiku' }],
    ['another effort', [...two, user('three')], { reasoning_effort: 'low' }],
  ])
})

await t.test('many with the same history at once: one of them has the process', async (t) => {
  const began = await ask('anna', [user('for all')])
  const next = [...last, fine, user('all at once')]
  const sessions = await Promise.all(Array.from({ length: 3 }, () => ask('anna', next)))
  t.ok(sessions.includes(began))
})
