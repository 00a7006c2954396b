/** With a stored login or its token the CLI runs in its other mode: functions work there in the same way. */
import t from 'tap'
import { startBridge } from '../helper.js'
import { message, offered, toolResults, toolUse } from '../standin/index.js'

const bridge = await startBridge(t, {
  env: { WARM_PROCESSES: '1', ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'token-of-the-stand-in' },
})

await t.test('two calls, their results, an answer', async (t) => {
  const { standin } = bridge
  const calls = ['a', 'b'].map((name) => toolUse(offered('get_weather'), { city: name }, `toolu_${name}`))
  standin.when('F-login', message(calls), message('mild'))
  const parameters = { type: 'object', properties: { city: { type: 'string' } } }
  const ask = {
    model: 'sonnet',
    tools: [{ type: 'function', function: { name: 'get_weather', parameters } }],
    messages: [{ role: 'user', content: 'F-login' }],
  }
  interface Body {
    choices: { message: { content: string | null; tool_calls?: { id: string }[] } }[]
  }
  const post = async (messages: unknown[]) => (await (await bridge.post('/v1/chat/completions', { ...ask, messages })).json()) as Body
  const first = await post(ask.messages)
  const results = ['b', 'a'].map((name) => ({ role: 'tool', tool_call_id: `toolu_${name}`, content: `${name}: 21 degrees` }))
  const second = await post([...ask.messages, first.choices[0]!.message, ...results])
  t.equal(second.choices[0]!.message.content, 'mild')
  const sessions = standin.calls.map((call) => call.headers['x-claude-code-session-id'])
  t.equal(sessions.length, 2)
  t.equal(new Set(sessions).size, 1, 'one process')
  t.match(toolResults(standin.calls[1]!), [{ text: 'a: 21 degrees' }, { text: 'b: 21 degrees' }])
})
