/** `/v1/responses` of Claude: made, streamed, kept, followed by others, retrieved as events, cancelled, forgotten. */
import t from 'tap'
import { startBridge, until } from '../helper.js'
import { contains, hangBeforeHeaders, httpError, message, offered, text, thinking, toolUse } from '../standin/index.js'
import { sideBySide } from './limit.js'
import { type Case, Recorder } from './recorder.js'
import { calm } from './timing.js'

t.setTimeout(170_000)
const bridge = await startBridge(t, { timing: calm })
const recorder = new Recorder(bridge)
const made = 'POST /v1/responses'
const read = 'GET /v1/responses/:id'
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const tools = [{ type: 'function', name: 'get_weather', parameters, strict: false }]
const bodyOf = (name: string, more: object = {}) => ({ model: 'sonnet', input: `[${name}] hello`, ...more })

const endings: [ending: string, says: Case['says'], more: object][] = [
  ['stop', [message(text(['Four words of answer']))], {}],
  ['stop: reasoning', [message([thinking(['Let me see']), text(['It is so'])])], { reasoning: { effort: 'high', summary: 'auto' } }],
  ['length', [message(text(['one two']), { stopReason: 'max_tokens' })], { max_output_tokens: 16 }],
  ['refusal', [message('', { stopReason: 'refusal' })], {}],
  ['tool_calls', [message(toolUse(offered('get_weather'), { city: 'Rome' }, 'toolu_golden'))], { tools }],
  ['upstream: upstream_invalid_request', [httpError(400, { message: 'no' })], {}],
]
const cases = endings.flatMap(([ending, says, more]) =>
  ['block', 'stream'].map((way): Case => {
    const name = `${ending} ${way}`
    return { name, cell: [made, way, ending], body: bodyOf(name, { ...more, ...(way === 'stream' && { stream: true }) }), says: says! }
  }),
)

const kept = async () => {
  const name = 'stored'
  const says = [message(text(['kept']))]
  const first = await recorder.make({
    name,
    cell: [made, 'block', 'stop: stored'],
    body: bodyOf(name, { instructions: 'Be short.' }),
    says,
  })
  const { id } = first.body as { id: string }
  const at = `/v1/responses/${id}`
  const items = 'GET /v1/responses/:id/input_items'
  const reads: [name: string, cell: Case['cell'], path: string][] = [
    ['read', [read, 'poll', 'stop'], at],
    ['read without v1', [read, 'poll', 'stop'], `/responses/${id}`],
    ['events', [read, 'events', 'stop'], `${at}?stream=true`],
    ['resumed', [read, 'events resumed', 'stop'], `${at}?stream=true&starting_after=3`],
    ['items', [items, 'block', 'read'], `${at}/input_items`],
    ['items after nothing', [items, 'block', 'item_not_found'], `${at}/input_items?after=x`],
  ]
  for (const [called, cell, path] of reads) await recorder.make({ name: called, cell, path }, false)
  const more = { previous_response_id: id }
  await recorder.make({ name: 'followed', cell: [made, 'block', 'stop: previous_response_id'], body: bodyOf('followed', more), says })
  await recorder.make({ name: 'forgotten', cell: ['DELETE /v1/responses/:id', 'block', 'done'], path: at, method: 'DELETE' }, false)
  await recorder.make({ name: 'gone', cell: [read, 'poll', 'response_not_found'], path: at }, false)
}

const background = async () => {
  bridge.standin.when('[background]', hangBeforeHeaders())
  const response = await bridge.post('/v1/responses', bodyOf('background', { background: true }))
  const { id } = (await response.json()) as { id: string }
  await until(() => bridge.standin.calls.some((call) => contains(call, '[background]')))
  const path = `/v1/responses/${id}/cancel`
  await recorder.make({ name: 'cancel', cell: ['POST /v1/responses/:id/cancel', 'block', 'cancel'], path, body: {} }, false)
  await recorder.make({ name: 'cancelled', cell: [read, 'poll', 'cancel'], path: `/v1/responses/${id}` }, false)
}

const elsewhere = () =>
  recorder.make({ name: 'other provider', cell: [made, 'block', 'model_not_found'], body: bodyOf('other provider', { model: 'acme/any' }) })

await sideBySide(...cases.map((one) => () => recorder.make(one)), kept, background, elsewhere)
recorder.settle(t, 'responses')
