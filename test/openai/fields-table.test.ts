/** The table of fields: in the documentation as in the code, and every row as it says. */
import { forcible } from '../helper.js'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { readConfig } from '../../src/config.js'
import { checkRequest } from '../../src/openai/in/check-request.js'
import { fields } from '../../src/openai/in/honoured-fields.js'
import { document, renewed } from './fields-table.js'

const files = { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/tmp'] }

const validation = [{ type: 'not_empty' }]
const tools = [{ type: 'function', function: { name: 'f' } }]

/** For each field a value that matters, with what has to stand beside it. */
const samples: Record<keyof typeof fields, [value: unknown, beside?: Record<string, unknown>]> = {
  messages: [[{ role: 'user', content: 'hi' }]],
  system: ['be brief'],
  question: ['hi', { messages: undefined }],
  stream: [true],
  stream_options: [{ include_usage: true }, { stream: true }],
  n: [2],
  stop: ['END'],
  max_completion_tokens: [100],
  max_tokens: [100],
  reasoning_effort: ['high'],
  response_format: [{ type: 'json_object' }],
  metadata: [{ team: 'red' }],
  store: [true],
  user: ['ann'],
  safety_identifier: ['ann'],
  timeout: [5],
  max_cost_usd: [0.5],
  background: [true],
  wait_for_completion: [false],
  tools: [tools],
  tool_choice: ['required', { model: forcible, tools }],
  parallel_tool_calls: [false, { tools }],
  functions: [[{ name: 'f' }]],
  function_call: [{ name: 'f' }, { model: forcible, functions: [{ name: 'f' }] }],
  logprobs: [true],
  top_logprobs: [3],
  audio: [{ voice: 'alloy' }],
  modalities: [['audio']],
  web_search_options: [{}],
  moderation: [{ model: 'm' }],
  prediction: [{ type: 'content', content: 'x' }],
  temperature: [0.2],
  top_p: [0.2],
  top_k: [3],
  seed: [7],
  frequency_penalty: [1],
  presence_penalty: [1],
  logit_bias: [{ '50256': -100 }],
  verbosity: ['low'],
  service_tier: ['default'],
  prompt_cache_key: ['k'],
  prompt_cache_retention: ['24h'],
  prompt_cache_options: [{ mode: 'explicit' }],
  mcp_config: [{ mcpServers: { a: files } }],
  mcp_servers: [['filesystem']],
  allowed_tools: [['Read']],
  validation: [validation],
  retry_config: [{ max_attempts: 3 }],
  max_attempts_before_tool_use: [2, { validation }],
  max_attempts_before_human: [3, { validation }],
  default_validate: [true],
  debug_tool_name: ['x', { validation, max_attempts_before_tool_use: 1 }],
  debug_tool_mcp_config: [{ mcpServers: { a: files } }, { validation, max_attempts_before_tool_use: 1 }],
  original_user_prompt: ['x', { validation }],
  webhook_url: ['https://example.com/hook'],
  fallbacks: [['opus']],
}

/** As a server has them that was started without any. */
const options = readConfig({})

await t.test('every row', async (t) => {
  for (const [name, [value, beside = {}]] of Object.entries(samples)) {
    const body = { model: 'sonnet', messages: [{ role: 'user', content: 'hi' }], ...beside, [name]: value }
    const { ok, honoured, ignored, error } = await checkRequest(body, options, async () => {})
    const { does, param = name } = fields[name as keyof typeof fields]
    const found = error !== null ? 'refused' : ignored.includes(name) ? 'ignored' : honoured.includes(name) ? 'honoured' : 'silent'
    t.equal(found, does, `${name}: ${error?.message ?? 'taken'}`)
    t.equal(ok, does !== 'refused')
    if (error !== null) t.equal(error.param, param)
  }
  t.strictSame(Object.keys(samples).sort(), Object.keys(fields).sort(), 'and there is no other')
})

await t.test('what is no request at all', async (t) => {
  for (const body of [null, [], 'x', 1, {}, { model: 'sonnet' }, { model: 'nobody', question: 'hi' }]) {
    const { ok, error } = await checkRequest(body, options, async () => {})
    t.equal(ok, false)
    t.type(error?.code, 'string', JSON.stringify(body))
  }
  t.match(await checkRequest({ model: 'sonnet', question: 'hi', unheard_of: 1 }, options, async () => {}), {
    ok: true,
    ignored: ['unheard_of'],
  })
})

await t.test('the document', async (t) => {
  const text = readFileSync(document, 'utf8')
  t.equal(text, renewed(text), 'mend it with `node dist/test/openai/fields-table.js`')
})
