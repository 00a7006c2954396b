/**
 * Requests that once silenced the server, their neighbours, and the worst that each limit lets through. What matters is how long the
 * event loop stands still while one is handled, not how it is answered.
 */
import { askFor, marks } from './prepared-answers.js'

export interface SilenceCase {
  id: string
  name: string
  path: string
  body(): object
  /** asks for the answer: its run belongs to the case */
  answered?: true
}

const chat = '/v1/chat/completions'
const check = `${chat}/check`
const model = 'sonnet'
const user = (content: string) => [{ role: 'user', content }]
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
const members = <T>(count: number, make: (index: number) => [string, T]): Record<string, T> => Object.fromEntries(times(count, make))

/** One definition, and references to it: a compiler that copies the definition writes their product. */
function manyReferences(characters: number): object {
  const definition = {
    type: 'object',
    properties: members(characters / 110, (index) => [`p${index}`, { type: 'string', maxLength: index }]),
  }
  const properties = members(characters / 60, (index) => [`q${index}`, { $ref: '#/$defs/a' }])
  return { type: 'object', $defs: { a: definition }, properties }
}

/** Definitions that each refer twice to the one before. */
function doubling(levels: number): object {
  const definition = (level: number) => (level === 0 ? { type: 'number' } : { allOf: times(2, () => ({ $ref: `#/$defs/d${level - 1}` })) })
  const $defs = members(levels + 1, (level) => [`d${level}`, definition(level)])
  return { type: 'object', $defs, properties: { x: { $ref: `#/$defs/d${levels}` } } }
}

const format = (schema: object) => ({ response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } })
const tool = (name: string, parameters: object) => ({ type: 'function', function: { name, parameters } })

/** As large as those of coding agents: a description and a dozen parameters. */
export function realTools(count: number): object[] {
  return times(count, (index) => {
    const description = `What the tool ${index} does, when to use it and when not, with an example. `.repeat(8)
    const about = (name: number) => `What the parameter ${name} of the tool ${index} means, and how it has to look.`
    const properties = members(12, (name) => [
      `parameter_${name}`,
      name % 3 === 0
        ? {
            type: 'object',
            description: about(name),
            properties: { x: { type: 'number' }, y: { type: 'array', items: { type: 'string' } } },
          }
        : { type: 'string', description: about(name), enum: ['first', 'second', 'third'] },
    ])
    const parameters = { type: 'object', properties, required: ['parameter_0'], additionalProperties: false }
    return { type: 'function', function: { name: `tool_${index}`, description, parameters } }
  })
}

function callsAndResults(count: number): object[] {
  const id = (index: number) => `call_${index}`
  const call = (index: number) => ({ id: id(index), type: 'function', function: { name: 'look', arguments: '{}' } })
  const results = times(count, (index) => ({ role: 'tool', tool_call_id: id(index), content: 'ok' }))
  return [...user('look'), { role: 'assistant', content: null, tool_calls: times(count, call) }, ...results]
}

export const silenceCases: readonly SilenceCase[] = [
  // schemas
  {
    id: 'schema_5k',
    name: 'response_format: 5 KB with references',
    path: check,
    body: () => ({ model, question: 'x', ...format(manyReferences(5000)) }),
  },
  {
    id: 'schema_16k',
    name: 'response_format: 16 KB with references',
    path: check,
    body: () => ({ model, question: 'x', ...format(manyReferences(16_000)) }),
  },
  {
    id: 'schema_doubling',
    name: 'response_format: definitions that double',
    path: check,
    body: () => ({ model, question: 'x', ...format(doubling(300)) }),
  },
  {
    id: 'tools_refs',
    name: 'tools: 16 KB with references',
    path: check,
    body: () => ({ model, question: 'x', tools: [tool('a', manyReferences(16_000))] }),
  },
  {
    id: 'validation_refs',
    name: 'validation: two schemas of 16 KB with references',
    path: check,
    body: () => ({ model, question: 'x', validation: times(2, () => ({ type: 'schema', params: { schema: manyReferences(16_000) } })) }),
  },
  { id: 'tools_60', name: '60 tools of real size', path: check, body: () => ({ model, question: 'x', tools: realTools(60) }) },
  {
    id: 'tools_128',
    name: '128 tools with 7,000 properties each',
    path: check,
    body: () => ({
      model,
      question: 'x',
      tools: times(128, (index) =>
        tool(`t${index}`, { type: 'object', properties: members(7000, (name) => [`p${name}`, { type: 'string' }]) }),
      ),
    }),
  },
  {
    id: 'patterns',
    name: 'validation: 100 patterns of opening brackets',
    path: check,
    body: () => ({
      model,
      question: 'x',
      validation: times(100, () => ({ type: 'regex', params: { pattern: `${'\\['.repeat(1)}${'['.repeat(9990)}` } })),
    }),
  },
  // conversations
  {
    id: 'calls_20k',
    name: '20,000 calls and results in one turn',
    path: check,
    body: () => ({ model, messages: callsAndResults(20_000) }),
  },
  {
    id: 'messages_10k',
    name: '10,000 messages',
    path: check,
    body: () => ({ model, messages: times(10_001, (index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content: 'hi' })) }),
  },
  {
    id: 'items_20k',
    name: 'responses: 20,000 calls and outputs',
    path: '/v1/responses',
    body: () => ({
      model: 'no such model',
      input: [
        ...times(20_000, (index) => ({ type: 'function_call', call_id: `c${index}`, name: 'look', arguments: '{}' })),
        ...times(20_000, (index) => ({ type: 'function_call_output', call_id: `c${index}`, output: 'ok' })),
      ],
    }),
  },
  // members that are wrong, many times
  {
    id: 'bad_messages',
    name: '200,000 messages that are none',
    path: check,
    body: () => ({ model, messages: times(200_000, () => ({})) }),
  },
  {
    id: 'bad_metadata',
    name: '80,000 pairs of metadata that are none',
    path: check,
    body: () => ({ model, question: 'x', metadata: members(80_000, (index) => [`k${index}`, 1]) }),
  },
  {
    id: 'servers',
    name: '20,000 MCP servers',
    path: check,
    body: () => ({
      model,
      question: 'x',
      mcp_config: {
        mcpServers: members(20_000, (index) => [
          `s${index}`,
          { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/tmp'] },
        ]),
      },
    }),
  },
  // checks of an answer
  {
    id: 'contains_marks',
    name: 'contains: combining marks',
    path: chat,
    answered: true,
    body: () => ({ model, messages: user(askFor('marks')), validation: [{ type: 'contains', params: { text: marks(60_000) } }] }),
  },
  {
    id: 'corpus',
    name: 'corpus_check: combining marks',
    path: chat,
    answered: true,
    body: () => ({
      model,
      messages: user(askFor('words')),
      retry_config: { max_attempts: 1 },
      validation: [{ type: 'corpus_check', params: { keywords: 'x', text_corpus: marks(60_000) } }],
    }),
  },
  {
    id: 'fences',
    name: 'json: a fence that is hard to read',
    path: chat,
    answered: true,
    body: () => ({ model, messages: user(askFor('fences')), retry_config: { max_attempts: 1 }, validation: [{ type: 'json' }] }),
  },
  {
    id: 'unique',
    name: 'response_format: uniqueItems of 3,000 objects',
    path: chat,
    answered: true,
    body: () => ({
      model,
      messages: user(askFor('unique')),
      ...format({ type: 'object', properties: { items: { type: 'array', uniqueItems: true } } }),
    }),
  },
  {
    id: 'checked_long',
    name: 'a checked answer of 20,000 pieces',
    path: chat,
    answered: true,
    body: () => ({ model, messages: user(askFor('words')), validation: [{ type: 'not_empty' }] }),
  },
]
