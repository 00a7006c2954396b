/** The prompt cache with a key or a bearer token: live or replayed, the model's API gets the same, to the byte. */
import t from 'tap'
import { startBridge } from '../helper.js'
import { answerOf, chat, loop, sessionOf, user, wire } from './prefix.js'

const bridge = await startBridge(t, { env: { WARM_PROCESSES: '1' }, warm: { total: 2, parked: 4 } })
const { standin } = bridge

for (const [name, make] of Object.entries({ chat, loop })) {
  await t.test(`${name}: live and replayed are the same bytes`, async (t) => {
    const { live, replayed } = await make(bridge, t)
    for (const member of ['system', 'tools', 'messages'] as const) t.equal(wire(replayed, member), wire(live, member), member)
    t.equal(live.body.model, replayed.body.model)
  })
}

await t.test('functions stand in one order, whatever their order in the request', async (t) => {
  const tools = ['look', 'ask', 'go'].map((name) => ({ type: 'function', function: { name } }))
  const bodies = []
  for (const list of [tools, tools.toReversed()]) {
    await answerOf(bridge, [user('P-order')], { tools: list })
    bodies.push(standin.calls.at(-1)!)
  }
  t.ok(wire(bodies[0]!, 'tools').includes('mcp__client__look'))
  t.equal(wire(bodies[1]!, 'tools'), wire(bodies[0]!, 'tools'))
})

await t.test('a text and a list of one text part are one conversation', async (t) => {
  const part = (content: unknown) => [{ type: 'text', text: content }]
  const first = await answerOf(bridge, [user('P-form')])
  const began = standin.calls.at(-1)!
  await answerOf(bridge, [user(part('P-form')), { role: 'assistant', content: part(first.content) }, user(part('go on'))])
  const wentOn = standin.calls.at(-1)!
  t.equal(sessionOf(wentOn), sessionOf(began), 'the lists find what the texts began')
})
