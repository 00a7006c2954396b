/**
 * Requests that once silenced the server, their neighbours, and the worst that each limit lets through. What matters is how long the
 * event loop stands still while one is handled, not how it is answered.
 */
import { askFor, marks } from './prepared-answers.js'
import { callsAndResults, doubling, format, manyReferences, members, picture, realTools, times, tool, user } from './silence-bodies.js'

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
    id: 'calls_run',
    name: '20,000 calls and results, and its answer',
    path: chat,
    answered: true,
    body: () => ({ model, messages: callsAndResults(20_000) }),
  },
  {
    id: 'parts_100k',
    name: 'a message of 100,000 parts',
    path: check,
    body: () => ({ model, messages: [{ role: 'user', content: times(99_000, () => ({ type: 'text', text: 'x' })) }] }),
  },
  {
    id: 'image_60mb',
    name: 'an image of 60 MB',
    path: check,
    body: () => ({ model, messages: user([picture(60_000_000)]) }),
  },
  {
    id: 'images_60mb',
    name: 'twelve images of 5 MB',
    path: check,
    body: () => ({ model, messages: user(times(12, () => picture(5_000_000))) }),
  },
  {
    id: 'keys_distinct',
    name: '1,000 messages with 100 members that differ',
    path: check,
    body: () => ({
      model,
      messages: times(1000, (at) => ({ role: 'user', content: 'x', ...members(100, (index) => [`key_${at}_${index}`, index]) })),
    }),
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
  {
    id: 'members',
    name: '100,000 unknown members',
    path: check,
    body: () => ({ model, question: 'x', ...members(100_000, (index) => [`member_${index}`, 1]) }),
  },
  {
    id: 'members_20k',
    name: '19,900 unknown members',
    path: check,
    body: () => ({ model, question: 'x', ...members(19_900, (index) => [`member_${index}`, 1]) }),
  },
  {
    id: 'many_tools',
    name: '50,000 tools',
    path: check,
    body: () => ({ model, question: 'x', tools: times(50_000, (index) => tool(`t${index}`, {})) }),
  },
  {
    id: 'allowed_tools',
    name: '60,000 allowed tools',
    path: check,
    body: () => ({
      model,
      question: 'x',
      tools: realTools(1),
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: times(60_000, () => ({ type: 'function', function: { name: 'tool_0' } })) },
      },
    }),
  },
  {
    id: 'many_servers',
    name: '200,000 names of servers',
    path: check,
    body: () => ({ model, question: 'x', mcp_servers: times(200_000, (index) => `s${index}`) }),
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
