/** Answers and failures of another provider, each taken in each way. */
import t from 'tap'
import { type Script, answer, chunk, failing, open, send, stream } from '../upstreams/provider.js'
import { sideBySide } from './limit.js'
import { says, startPlayed } from './provider-server.js'
import type { Case } from './recorder.js'

t.setTimeout(170_000)
const { recorder } = await startPlayed(t)

const call = { index: 0, id: 'call_golden', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Rome"}' } }
const parameters = { type: 'object', properties: { city: { type: 'string' } } }
const tools = [{ type: 'function', function: { name: 'get_weather', parameters } }]
const error = (code: string | null, message: string, param: string | null = null) => ({
  error: { message, type: 'invalid_request_error', code, param },
})
const cut: Script = (response) => {
  open(response)
  send(response, chunk({ role: 'assistant', content: 'half' }))
  setTimeout(() => response.destroy(), 50)
}

const endings: [ending: string, script: Script, more?: Record<string, unknown>][] = [
  ['stop', answer('Four words of answer')],
  ['stop: reasoning', stream([chunk({ reasoning_content: 'Let me see' }), chunk({ content: 'It is so' }), chunk({}, 'stop')])],
  ['length', stream([chunk({ content: 'cut' }), chunk({}, 'length')]), { max_tokens: 1 }],
  ['refusal', stream([chunk({ refusal: 'No.' }), chunk({}, 'content_filter')])],
  ['tool_calls', stream([chunk({ tool_calls: [call] }), chunk({}, 'tool_calls')]), { tools }],
  ['n: 2', answer('one of two'), { n: 2 }],
  ['timeout', () => undefined, { timeout: 1 }],
  ['provider: upstream_invalid_request', failing(400, error(null, 'not that', 'seed'))],
  ['provider: context_length_exceeded', failing(400, error('context_length_exceeded', 'too long'))],
  ['provider: upstream_auth', failing(401, error('invalid_api_key', 'bad key'))],
  ['provider: insufficient_quota', failing(429, error('insufficient_quota', 'no money'))],
  ['provider: upstream_forbidden', failing(403, error(null, 'not you'))],
  ['provider: model_not_found', failing(404, error('model_not_found', 'no such model'))],
  ['provider: request_too_large', failing(413, error(null, 'too large'))],
  ['provider: rate_limit_exceeded', failing(429, error(null, 'slower'), { 'retry-after': '7', 'x-ratelimit-limit-requests': '60' })],
  ['provider: upstream_error', failing(500, 'a page')],
  ['provider: server_is_overloaded', failing(503, error(null, 'busy'))],
  ['provider: upstream_timeout', failing(504, error(null, 'late'))],
  ['provider: upstream_interrupted', cut],
  ['provider: upstream_timeout (silence)', () => undefined, { model: 'brisk/any' }],
  ['provider: upstream_unreachable', () => undefined, { model: 'gone/any' }],
]

const cases = endings.flatMap(([ending, script, more = {}]): Case[] => {
  const shared = { provider: [script] }
  const chat = (way: string, added: Record<string, unknown>): Case => {
    const name = `${ending} ${way}`
    return { ...shared, name, cell: ['POST /v1/chat/completions', `${way}, provider`, ending], body: says(name, { ...more, ...added }) }
  }
  return [chat('block', {}), chat('stream', { stream: true })]
})

// the first answer is for `backed/main`, the second for the model that stands in for it
const name = 'fallback'
const scripts = [failing(503, error(null, 'busy')), answer('from the spare')]
const body = says(name, { model: 'backed/main' })
cases.push({ name, cell: ['POST /v1/chat/completions', 'block, provider', 'stop: fallback'], body, provider: scripts })

await sideBySide(...cases.map((one) => () => recorder.make(one)))
recorder.settle(t, 'provider')
