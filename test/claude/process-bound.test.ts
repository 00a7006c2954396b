/** One process for everybody: who needs it gets it, one after the other, and nobody's words stay in it. */
import t from 'tap'
import { liveProcessCount } from '../../src/claude/process/process.js'
import { startBridge } from '../helper.js'
import { message, offered, toolUse } from '../standin/index.js'
import { sessionOf } from './prefix.js'
import { realCli } from './real-cli.js'

const bridge = await startBridge(t, {
  env: { MAX_CONCURRENT: '1', MAX_PROCESSES: '1', WARM_PROCESSES: '1', API_KEYS: 'anna:key-of-anna,bert:key-of-bert' },
  standin: { fallback: () => message('Fine.') },
})
const { standin } = bridge
const { takingBack } = (await realCli()).abilities()

let most = 0
const look = setInterval(() => (most = Math.max(most, liveProcessCount())), 1)
t.teardown(() => clearInterval(look))

interface Answer {
  choices: { message: { role: string; content: string | null; tool_calls?: { id: string }[] } }[]
}

async function ask(key: string, messages: object[], more: object = {}) {
  const from = standin.calls.length
  const headers = { authorization: `Bearer key-of-${key}` }
  const response = await bridge.post('/v1/chat/completions', { model: 'sonnet', messages, ...more }, headers)
  const body = (await response.json()) as Answer
  t.equal(response.status, 200, JSON.stringify(body))
  const [call, ...others] = standin.calls.slice(from)
  t.equal(others.length, 0, 'asked once')
  return { said: body.choices[0]!.message, call: call!, text: JSON.stringify(call!.body.messages) }
}
const user = (content: string) => ({ role: 'user', content })

await t.test('two owners in turn', async (t) => {
  for (const round of [1, 2]) {
    const anna = await ask('anna', [user(`of anna ${round}`)])
    const bert = await ask('bert', [user(`of bert ${round}`)])
    t.not(sessionOf(anna.call), sessionOf(bert.call))
    t.notMatch(bert.text, 'of anna')
    t.notMatch(anna.text, 'of bert')
  }
})

await t.test('several questions of one owner are one process’s', { skip: !takingBack }, async (t) => {
  const first = await ask('anna', [user('one')])
  const second = await ask('anna', [user('two')])
  t.equal(sessionOf(first.call), sessionOf(second.call))
  t.notMatch(second.text, 'one')
})

await t.test('a process that waits for the results of its calls makes room, and its conversation is told to another', async (t) => {
  const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }]
  standin.when('B-call', message(toolUse(offered('look'), {}, 'toolu_b')), message('seen'))
  const called = await ask('anna', [user('B-call')], { tools })
  t.equal(called.said.tool_calls?.length, 1)
  const between = await ask('bert', [user('in between')])
  const result = { role: 'tool', tool_call_id: called.said.tool_calls![0]!.id, content: 'a result' }
  const answered = await ask('anna', [user('B-call'), called.said, result], { tools })
  t.equal(answered.said.content, 'seen')
  t.match(answered.text, 'a result')
  t.equal(new Set([called, between, answered].map(({ call }) => sessionOf(call))).size, 3)
})

await t.test('there was never a second process', (t) => {
  t.equal(most, 1)
  t.end()
})
