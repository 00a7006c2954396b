/** Chat completions of Claude: each way of taking one, and each ending. */
import t from 'tap'
import { ask, startBridge } from '../helper.js'
import {
  type Answer,
  creditTooLow,
  hangBeforeHeaders,
  httpError,
  message,
  offered,
  promptTooLong,
  text,
  thinking,
  toolUse,
} from '../standin/index.js'
import { type Case, Recorder } from './recorder.js'
import { sideBySide } from './limit.js'
import { calm } from './timing.js'

t.setTimeout(170_000)
const bridge = await startBridge(t, { timing: calm })
const recorder = new Recorder(bridge)
const route = 'POST /v1/chat/completions'

const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'Weather of a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
]
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const object = { city: 'Rome' }

/** Ending, what the model says, and what the request adds. */
const endings: [ending: string, says: Case['says'], more: Record<string, unknown>][] = [
  ['stop', [message('Four words of answer')], {}],
  ['stop: reasoning', [message([thinking('Let me see'), text('It is so')])], { reasoning_effort: 'high' }],
  ['stop: stop sequence', [message('one two END three', { honourLimits: true })], { stop: ['END'] }],
  [
    'stop: json_schema',
    [message(toolUse(offered('StructuredOutput'), object))],
    { response_format: { type: 'json_schema', json_schema: { name: 'city', schema, strict: true } } },
  ],
  [
    'stop: usage',
    [message('counted', { usage: { input_tokens: 7, cache_read_input_tokens: 5, output_tokens: 2 } })],
    { stream_options: { include_usage: true } },
  ],
  ['length', [message('one two', { stopReason: 'max_tokens' })], { max_tokens: 2 }],
  ['refusal', [message('', { stopReason: 'refusal', delta: { stop_details: { category: 'cyber', explanation: 'No.' } } })], {}],
  ['tool_calls', [message([text('Let me look.'), toolUse(offered('get_weather'), object, 'toolu_golden')])], { tools }],
  ['n: 2', [message('one of two')], { n: 2 }],
]

const ways: [way: string, more: Record<string, unknown>][] = [
  ['block', {}],
  ['stream', { stream: true }],
]

const cases = endings.flatMap(([ending, says, asked]) =>
  ways.map(([way, more]): Case => {
    const name = `${ending} ${way}`
    const all = { ...asked, ...more }
    if (way !== 'stream') delete (all as { stream_options?: unknown }).stream_options
    return { name, cell: [route, way, ending], body: ask(`[${name}] hello`, all), says: says! }
  }),
)

// what the API behind the CLI refuses; those that the CLI asks for again are told by a provider in their place
const failures: [code: string, says: Answer][] = [
  ['upstream_invalid_request', httpError(400, { message: 'no' })],
  ['context_length_exceeded', promptTooLong()],
  ['upstream_auth', httpError(401)],
  ['upstream_forbidden', httpError(403)],
  ['model_not_found', httpError(404)],
  ['insufficient_quota', creditTooLow()],
]
for (const [code, says] of failures) {
  cases.push({ name: code, cell: [route, 'block', `upstream: ${code}`], body: ask(`[${code}] hello`), says: [says] })
}
const hanging = { body: ask('[timeout] hello', { timeout: 3 }), says: [hangBeforeHeaders()] }
cases.push({ name: 'timeout', cell: [route, 'block', 'timeout'], ...hanging })

await sideBySide(...cases.map((one) => () => recorder.make(one, one.name !== 'timeout')))
recorder.settle(t, 'chat')
