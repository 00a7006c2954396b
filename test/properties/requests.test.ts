/** Whatever a request holds, it is taken or refused with a code of the catalogue; and what it may use is never more than the server allows. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { mergeTools } from '../../mcp/job/merge.js'
import { originOf, parseRegistry } from '../../mcp/job/registry.js'
import { BridgeError } from '../../src/errors/catalogue.js'
import { type ChatRequest, chatRequestSchema } from '../../src/openai/in/chat-request.js'
import { toMcpAsk } from '../../src/openai/in/mcp.js'
import { createIgnored } from '../../src/request/ignored.js'
import { innerRequestSchema } from '../../src/request/stored.js'
import { parseValue } from '../openai/parse.js'
import { anyText, holds } from './holds.js'

/** Null: it was refused. @throws anything but a refusal, and a refusal that a client cannot act on */
function taken<Result>(make: () => Result): Result | null {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error
    const { code, message } = error.failure
    if (message === '' || ['internal_error', 'upstream_error'].includes(code)) throw error
    return null
  }
}

const words = fc.string({ minLength: 1 })
const name = fc.oneof({ weight: 19, arbitrary: fc.constantFrom('look', 'a.b/c', 'a-b') }, anyText)
const schema = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ type: 'object', properties: { x: { type: 'integer' }, $top: { enum: [1, 'a'] } } }) },
  fc.jsonValue({ maxDepth: 2 }),
)
const part = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('text'), text: words }) },
  fc.record({ type: fc.constantFrom('text', 'refusal', 'other'), text: anyText }, { requiredKeys: ['type'] }),
  fc.constant({ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }),
)
const content = fc.oneof(words, fc.array(part, { minLength: 1, maxLength: 3 }))
/** A turn of the user with, now and then, calls and their results before it. */
const turn = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.record({ role: fc.constantFrom('user', 'system', 'developer', 'assistant'), content })) },
  fc.tuple(name, fc.jsonValue({ maxDepth: 1 }), content).map(([name, input, content]) => [
    { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name, arguments: JSON.stringify(input) } }] },
    { role: 'tool', tool_call_id: 'a', content },
  ]),
  fc.tuple(fc.record({ role: anyText, content: fc.jsonValue({ maxDepth: 1 }) })),
)
const question = fc.record({ role: fc.constant('user'), content })
const likely: Record<string, fc.Arbitrary<unknown>> = {
  model: fc.constantFrom('sonnet', 'opus', 'haiku'),
  messages: fc.tuple(fc.array(turn, { maxLength: 3 }), question).map(([turns, last]) => [...turns.flat(), last]),
  stream: fc.boolean(),
  n: fc.integer({ min: 1, max: 9 }),
  stop: fc.oneof(words, fc.array(words, { maxLength: 4 })),
  max_tokens: fc.nat(),
  temperature: fc.double({ min: 0, max: 2, noNaN: true }),
  reasoning_effort: fc.constantFrom('none', 'low', 'high'),
  metadata: fc.dictionary(words, fc.string(), { maxKeys: 3 }),
  tools: fc.array(fc.record({ type: fc.constant('function'), function: fc.record({ name, parameters: schema }) }), { maxLength: 3 }),
  tool_choice: fc.constantFrom('auto', 'none', 'required', { type: 'function', function: { name: 'look' } }),
  response_format: fc.oneof(
    fc.record({ type: fc.constant('json_schema'), json_schema: fc.record({ name, schema }) }),
    fc.constant({ type: 'text' }),
  ),
}
const all = fc.record(likely, { requiredKeys: ['model', 'messages'] })
const odd = fc.tuple(fc.constantFrom(...Object.keys(chatRequestSchema.shape)), fc.jsonValue({ maxDepth: 2 }))
/** What a client might send, now and then with a few members of any kind. */
const body = fc
  .tuple(all, fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(odd, { maxLength: 3 })))
  .map(([request, members]) => ({ ...request, ...Object.fromEntries(members) }))

await t.test('a request', (t) => {
  let accepted = 0
  holds(
    t,
    'is taken or refused, and what is taken is read as it was stored',
    body,
    (value) => {
      const parsed = taken(() => parseValue(value))
      if (parsed === null) return
      accepted += 1
      const stored = JSON.parse(JSON.stringify(parsed.run)) as unknown
      if (!isDeepStrictEqual(innerRequestSchema.parse(stored), stored)) throw new Error('it is not read as it was stored')
    },
    1000,
  )
  t.ok(accepted > 100, `${accepted} were taken`)
  holds(t, 'of any JSON', fc.jsonValue(), (value) => void taken(() => parseValue(value)))
  t.end()
})

const registry = parseRegistry(
  JSON.stringify({
    mcpServers: {
      open: { command: 'node', args: ['open.js'] },
      some: { command: 'node', args: ['some.js'], allowedTools: ['read', 'list'] },
      less: { command: 'node', args: ['less.js'], disabledTools: ['read'] },
      web: { type: 'http', url: 'https://mcp.example.com/mcp', allowedTools: ['list'], disabledTools: ['list'] },
    },
  }),
  'test',
)
const rules = {
  registry,
  origins: new Set([originOf('https://mcp.example.com/mcp')!]),
  filledIn: new Map<string, string>(),
  allowAny: false,
}

await t.test('the tools of a job', (t) => {
  const one = fc.constantFrom('open', 'some', 'less', 'web')
  const server = fc.oneof({ weight: 9, arbitrary: one }, fc.constantFrom('none', '__proto__'))
  const tool = fc.constantFrom('read', 'list', 'delete', '*')
  const allowed = fc.oneof(
    fc.tuple(server, tool).map(([server, tool]) => `mcp__${server}__${tool}`),
    server.map((server) => `mcp__${server}`),
    fc.constantFrom('Read', 'Read(./**)', 'LS', 'Bash', 'Bash(*)'),
    anyText,
  )
  const entry = fc.constantFrom<unknown[]>(
    ...[
      { command: 'node', args: ['open.js'] },
      { command: 'node', args: ['evil.js'] },
      { command: 'node', args: ['some.js'], env: { NODE_OPTIONS: 'x' } },
    ],
    ...[
      { type: 'http', url: 'https://mcp.example.com/other' },
      { type: 'http', url: 'https://elsewhere.example/mcp' },
      { url: 'https://a:b@mcp.example.com/' },
    ],
  )
  const asked = fc.record(
    {
      mcp_servers: fc.array(server, { maxLength: 2 }),
      mcp_config: fc
        .dictionary(fc.constantFrom('mine', 'mine2', 'mine3', 'open', 'a b'), entry, { maxKeys: 1 })
        .map((mcpServers) => ({ mcpServers })),
      allowed_tools: fc.array(allowed, { maxLength: 4 }),
    },
    { requiredKeys: [] },
  )
  let given = 0
  holds(
    t,
    'are never more than the registry allows and the request asks for',
    asked,
    (members) => {
      const tools = taken(() => {
        const ignored = createIgnored()
        const ask = toMcpAsk(members as ChatRequest, ignored)
        return ask === null ? undefined : mergeTools(ask, rules, ignored)
      })
      for (const one of tools?.servers ?? []) {
        given += 1
        if (one.from === 'request') {
          if (one.server.type === 'stdio' || new URL(one.server.url).host !== 'mcp.example.com')
            throw new Error('a server that is not allowed')
        } else {
          const known = registry.get(one.entry)!
          const may = (name: string) => (known.allowedTools?.includes(name) ?? true) && !(known.disabledTools?.includes(name) ?? false)
          if (one.tools !== undefined && !one.tools.every(may)) throw new Error('a tool that is not allowed')
          if (one.tools === undefined && known.allowedTools !== undefined) throw new Error('all tools of a server that allows some')
          if (!(known.disabledTools ?? []).every((name) => one.withheld?.includes(name))) throw new Error('a tool that is not withheld')
        }
        const wanted = members.allowed_tools
        if (wanted !== undefined && !wanted.some((name) => name.startsWith(`mcp__${one.name}`)))
          throw new Error('a server that was not asked for')
      }
      if (!(tools?.fileTools ?? []).every((name) => ['Read', 'Glob'].includes(name)))
        throw new Error('a tool of the CLI that is not allowed')
    },
    1000,
  )
  t.ok(given > 100, `${given} servers were given`)
  t.end()
})
