/** A response that goes on from another one does so in its process, and a long blocking one is kept alive. */
import t from 'tap'
import type { ResponseObject } from '../../src/openai/responses/response-schemas.js'
import { gate, onlyParked, startBridge } from '../helper.js'
import { message, offered, toolUse } from '../standin/index.js'

const bridge = await startBridge(t, {
  warm: onlyParked,
  env: { WARM_PROCESSES: '1' },
  timing: { paddingAfterMs: 1500, paddingEveryMs: 50 },
})
const { standin } = bridge
const post = (body: object) => bridge.post('/v1/responses', { model: 'sonnet', ...body })
const create = async (body: object) => (await (await post(body)).json()) as ResponseObject
const sessionOf = ({ bridge: said }: ResponseObject) => said?.session_id ?? 'none'

await t.test('the same process, as long as it was told the same', async (t) => {
  standin.when('L-first', message('A'), message('B'), message('C'))
  const first = await create({ input: 'L-first', instructions: 'I' })
  const second = await create({ input: 'more', instructions: 'I', previous_response_id: first.id })
  t.equal(sessionOf(second), sessionOf(first))
  const third = await create({ input: 'more', instructions: 'other', previous_response_id: second.id })
  t.equal(sessionOf(third), sessionOf(first), 'with other instructions too')

  standin.when('L-call', message(toolUse(offered('look'), {}, 'toolu_l')), message('seen'))
  const tools = [{ type: 'function', name: 'look' }]
  const called = await create({ input: 'L-call', tools })
  const input = [{ type: 'function_call_output', call_id: 'toolu_l', output: 'x' }]
  const answered = await create({ input, tools, previous_response_id: called.id })
  t.equal(sessionOf(answered), sessionOf(called))
})

await t.test('a long silence', async (t) => {
  const { opened, open } = gate()
  standin.when('L-long', message('at last', { hold: { afterDeltas: 0, until: opened } }))
  const response = await post({ input: 'L-long' })
  t.equal(response.status, 200, 'the headers come before the answer')
  open()
  const body = await response.text()
  t.match(body, /^ +\{/)
  t.match(JSON.parse(body), { status: 'completed', output: [{ content: [{ text: 'at last' }] }] })
})
