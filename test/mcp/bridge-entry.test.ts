/** A job that asks the bridge itself, through the registry's ready entry: with its owner's key, and one level deeper. */
import t from 'tap'
import { startBridge } from '../helper.js'
import { contains, message, toolResults, toolUse } from '../standin/index.js'

t.setTimeout(120_000)
const bridge = await startBridge(t, { env: { API_KEYS: 'ann:key-of-ann,bob:key-of-bob' } })
const auth = { authorization: 'Bearer key-of-ann' }
const callsOf = (marker: string) => bridge.standin.calls.filter((call) => contains(call, marker))

await t.test('it asks, as its owner', async (t) => {
  bridge.standin.when('B-inner', message('from below'))
  bridge.standin.when('B-outer', message(toolUse('mcp__bridge__ask', { question: 'B-inn' + 'er', model: 'sonnet' })), message('from above'))
  const ask = { model: 'sonnet', mcp_servers: ['bridge'], messages: [{ role: 'user', content: 'B-outer' }] }
  const response = await bridge.post('/v1/chat/completions', ask, auth)
  const body = (await response.json()) as { choices: { message: { content: string } }[] }
  t.equal(response.status, 200, JSON.stringify(body))
  const results = callsOf('B-outer').flatMap((call) => toolResults(call))
  t.match(results, [{ isError: false, text: /from below/ }])
  const tasks = (await (await bridge.get('/tasks?order=asc', auth)).json()) as { data: unknown[] }
  t.equal(tasks.data.length, 2, 'both are her tasks')
  t.equal(((await (await bridge.get('/tasks', { authorization: 'Bearer key-of-bob' })).json()) as { data: unknown[] }).data.length, 0)
})
