/** The official client's helpers for structured answers: `parse` and the stream helper, with zod. */
import OpenAI from 'openai'
import { ContentFilterFinishReasonError, LengthFinishReasonError } from 'openai/error'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import t from 'tap'
import { z } from 'zod'
import { onlyParked, startBridge } from '../helper.js'
import { message, offered, structuredOutput, text, toolUse } from '../standin/index.js'
import { clientOf, errorOf } from './openai.js'
import { callsOf, toolsOf } from './tools.js'

const bridge = await startBridge(t, { warm: onlyParked, env: { WARM_PROCESSES: '1' } })
const { standin } = bridge
const { completions } = clientOf(bridge).chat

const Node = z.object({
  name: z.string(),
  born: z.iso.date().nullable(),
  kind: z.enum(['cat', 'dog']),
  get children() {
    return z.array(Node)
  },
})
const response_format = zodResponseFormat(Node, 'animal')
const mia = {
  name: 'Mia',
  born: null,
  kind: 'cat' as const,
  children: [{ name: 'Moe', born: '2026-01-02', kind: 'cat' as const, children: [] }],
}
const ask = (marker: string) => ({ model: 'sonnet', messages: [{ role: 'user' as const, content: marker }] })

await t.test('parse: a recursive schema, checked on both sides', async (t) => {
  standin.when('P-parse', message([text('Here:'), structuredOutput(mia)]))
  const { choices } = await completions.parse({ ...ask('P-parse'), response_format })
  t.strictSame(choices[0]!.message.parsed, mia)
  t.match(choices[0], { finish_reason: 'stop', message: { refusal: null, content: JSON.stringify(mia) } })
  t.notOk(choices[0]!.message.tool_calls?.length)
  const schema = toolsOf(callsOf(bridge, 'P-parse')[0]!)['StructuredOutput']
  t.match(schema, { type: 'object', required: ['name', 'born', 'kind', 'children'], additionalProperties: false })
})

await t.test('the stream helper', async (t) => {
  standin.when('P-stream', message(structuredOutput(mia)))
  const stream = completions.stream({ ...ask('P-stream'), response_format })
  const partial: unknown[] = []
  stream.on('content.delta', ({ parsed }) => partial.push(parsed))
  const done = stream.emitted('content.done')
  const final = await stream.finalChatCompletion()
  t.strictSame(final.choices[0]!.message.parsed, mia)
  t.match(await done, { parsed: mia, content: JSON.stringify(mia) })
  t.ok(
    partial.some(
      (value) => (value as { name?: string; kind?: string } | null)?.name === 'Mia' && (value as { kind?: string }).kind === undefined,
    ),
    'seen half-made',
  )
})

await t.test('a refusal is a refusal, not a broken answer', async (t) => {
  standin.when('P-refuse', message([], { stopReason: 'refusal' }))
  t.ok((await errorOf(completions.parse({ ...ask('P-refuse'), response_format }))) instanceof ContentFilterFinishReasonError)
  const { choices } = await completions.create({ ...ask('P-refuse'), response_format })
  t.match(choices[0], { finish_reason: 'content_filter', message: { content: null, refusal: /\w/ } })
})

await t.test('cut short: LengthFinishReasonError', async (t) => {
  standin.when('P-length', message(structuredOutput(['{"name":"Mi']), { stopReason: 'max_tokens' }))
  t.ok((await errorOf(completions.parse({ ...ask('P-length'), response_format }))) instanceof LengthFinishReasonError)
  t.ok(
    (await errorOf(completions.stream({ ...ask('P-length'), response_format }).finalChatCompletion())) instanceof LengthFinishReasonError,
  )
})

await t.test('what is never right is an error of its own class', async (t) => {
  standin.when('P-never', message(structuredOutput({ name: 3 })))
  const error = await errorOf(completions.parse({ ...ask('P-never'), response_format }))
  t.ok(error instanceof OpenAI.InternalServerError)
  t.match(error, { status: 502, code: 'output_not_valid' })
})

await t.test('parsed arguments of a strict function, then a parsed answer', async (t) => {
  standin.when('P-both', message(toolUse(offered('find_animal'), { name: 'Mia' }, 'toolu_f')), message(structuredOutput(mia)))
  const tools = [zodFunction({ name: 'find_animal', parameters: z.object({ name: z.string() }) })]
  const { choices } = await completions.parse({ ...ask('P-both'), tools, response_format })
  const said = choices[0]!.message
  t.equal(choices[0]!.finish_reason, 'tool_calls')
  t.strictSame(said.tool_calls?.[0]?.function.parsed_arguments, { name: 'Mia' })
  t.equal(said.parsed, null)
  const messages = [...ask('P-both').messages, said, { role: 'tool' as const, tool_call_id: 'toolu_f', content: 'a cat' }]
  const last = await completions.parse({ model: 'sonnet', messages, tools, response_format })
  t.strictSame(last.choices[0]!.message.parsed, mia)
  t.equal(callsOf(bridge, 'P-both').length, 2)
})
