/** The Vercel AI SDK: text, tool loops, objects, reasoning, images and giving up, with its provider for compatible servers. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, NoObjectGeneratedError, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from 'ai'
import t from 'tap'
import { z } from 'zod'
import { direct, onlyParked, promptMs, startBridge } from '../helper.js'
import {
  hang,
  httpError,
  imageTypes,
  message,
  offered,
  structuredOutput,
  systemText,
  text,
  thinking,
  toolResults,
  toolUse,
} from '../standin/index.js'
import { errorOf } from './openai.js'
import { callsOf, processesOf, toolsOf } from './tools.js'

const bridge = await startBridge(t, { direct: 100, warm: onlyParked, env: { WARM_PROCESSES: '1' } })
const { standin } = bridge
const provider = createOpenAICompatible({
  name: 'bridge',
  baseURL: `${bridge.url}/v1`,
  apiKey: 'none',
  includeUsage: true,
  supportsStructuredOutputs: true,
})
const model = provider('sonnet')
const once = { model, maxRetries: 0 }

const usage = { input_tokens: 11, output_tokens: 22, cache_read_input_tokens: 33, cache_creation_input_tokens: 44 }
const counted = { inputTokens: 88, outputTokens: 22, totalTokens: 110, inputTokenDetails: { cacheReadTokens: 33 } }

const seen: string[] = []
const tools = {
  get_weather: tool({
    description: 'Weather of a city',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => {
      seen.push(city)
      if (city === 'Atlantis') throw new Error('it has sunk')
      return { city, sky: 'sun' }
    },
  }),
}
const call = (city: string, id: string) => toolUse(offered('get_weather'), { city }, id)

await t.test('generateText: words, reasoning, numbers', async (t) => {
  standin.when('V-text', message([thinking('hm, hm'), text('Hello there.')], { usage }))
  const result = await generateText({ ...once, system: 'Be kind.', prompt: 'V-text' })
  t.equal(result.text, 'Hello there.')
  t.equal(result.reasoningText, 'hm, hm')
  t.equal(result.finishReason, 'stop')
  t.match(result.usage, counted)
  const [asked] = callsOf(bridge, 'V-text')
  t.equal(systemText(asked!), 'Be kind.')
})

await t.test('generateText: a loop of tools, two at once, one that throws', async (t) => {
  standin.when(
    'V-loop',
    message([text('So: '), call('Rome', 'toolu_v1'), call('Atlantis', 'toolu_v2')]),
    message(call('Bern', 'toolu_v3')),
    message('Sun everywhere.'),
  )
  const result = await generateText({ ...once, tools, prompt: 'V-loop', stopWhen: stepCountIs(5) })
  t.equal(result.text, 'Sun everywhere.')
  t.strictSame(
    result.steps.map((step) => step.finishReason),
    ['tool-calls', 'tool-calls', 'stop'],
  )
  t.match(result.steps[0]!.toolCalls, [
    { toolCallId: 'toolu_v1', toolName: 'get_weather', input: { city: 'Rome' } },
    { toolCallId: 'toolu_v2' },
  ])
  t.strictSame(seen.splice(0), ['Rome', 'Atlantis', 'Bern'])
  const asked = callsOf(bridge, 'V-loop')
  t.equal(asked.length, 3)
  t.equal(processesOf(asked), 1, 'one process')
  t.match(toolsOf(asked[0]!), { mcp__client__get_weather: { type: 'object', required: ['city'] } })
  t.match(toolResults(asked[1]!), [
    { id: 'toolu_v1', text: '{"city":"Rome","sky":"sun"}' },
    { id: 'toolu_v2', text: 'it has sunk' },
  ])
  t.match(toolResults(asked[2]!), [{ id: 'toolu_v3' }])
})

await t.test('streamText: the same loop in parts, with reasoning', async (t) => {
  standin.when(
    'V-stream',
    message([thinking('let me see'), text('So: '), call('Oslo in Norway', 'toolu_s1')], { usage }),
    message(text(['Sun', ' in', ' Oslo.']), { usage }),
  )
  const result = streamText({ ...once, tools, prompt: 'V-stream', stopWhen: stepCountIs(3) })
  const parts: { type: string; text?: string }[] = []
  for await (const part of result.fullStream) parts.push(part)
  const said = (type: string) => parts.filter((part) => part.type === type).map((part) => part.text)
  t.strictSame(said('text-delta'), ['So: ', 'Sun', ' in', ' Oslo.'])
  t.equal(said('reasoning-delta').join(''), 'let me see')
  t.ok(said('tool-input-delta').length > 1, 'arguments come in pieces')
  t.match(
    parts.find((part) => part.type === 'tool-call'),
    { toolCallId: 'toolu_s1', input: { city: 'Oslo in Norway' } },
  )
  t.notOk(parts.some((part) => part.type === 'error'))
  t.equal(await result.text, 'Sun in Oslo.')
  const { body } = (await result.steps)[1]!.request
  t.match(body, { messages: [{}, { reasoning_content: 'let me see' }] }, 'the SDK sends it back')
  t.match(
    (await result.steps)[1]!.response.headers,
    { 'x-bridge-ignored': 'messages[].reasoning_content' },
    'and is told that it has no effect',
  )
  t.match(await result.totalUsage, { inputTokens: 176, outputTokens: 44, totalTokens: 220 })
  t.match(await result.usage, counted)
  t.equal(processesOf(callsOf(bridge, 'V-stream')), 1)
  t.equal(seen.splice(0).join(), 'Oslo in Norway')
})

const schema = z.object({ name: z.string(), ages: z.array(z.number()), note: z.string().optional() })
const value = { name: 'Ann', ages: [1, 2] }

await t.test('objects, whole and growing', async (t) => {
  standin.when('V-object', message(structuredOutput(value)))
  const whole = await generateObject({ ...once, schema, prompt: 'V-object' })
  t.strictSame(whole.object, value)
  const growing = streamObject({ ...once, schema, prompt: 'V-object' })
  const partial: unknown[] = []
  for await (const part of growing.partialObjectStream) partial.push(part)
  t.strictSame(await growing.object, value)
  t.ok(partial.length > 1, 'seen half-made')
  for (const asked of callsOf(bridge, 'V-object')) {
    t.match(toolsOf(asked)['StructuredOutput'], { type: 'object', properties: { ages: { type: 'array' } } })
  }
  // without `supportsStructuredOutputs` the provider asks for json_object and keeps the schema to itself
  standin.when('V-plain', message(structuredOutput(value)))
  const plain = createOpenAICompatible({ name: 'bridge', baseURL: `${bridge.url}/v1` })('sonnet')
  t.strictSame((await generateObject({ ...once, model: plain, schema, prompt: 'V-plain' })).object, value)
  t.match(toolsOf(callsOf(bridge, 'V-plain')[0]!), { StructuredOutput: { type: 'object', properties: undefined } })
})

await t.test('lists and choices as objects', async (t) => {
  standin.when('V-list', message(structuredOutput({ elements: ['a', 'b'] })))
  t.strictSame((await generateObject({ ...once, output: 'array', schema: z.string(), prompt: 'V-list' })).object, ['a', 'b'])
  standin.when('V-enum', message(structuredOutput({ result: 'red' })))
  t.equal((await generateObject({ ...once, output: 'enum', enum: ['red', 'blue'], prompt: 'V-enum' })).object, 'red')
})

await t.test('images', async (t) => {
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
  standin.when('V-image', message('One dot.'))
  const messages = [
    {
      role: 'user' as const,
      content: [
        { type: 'text' as const, text: 'V-image' },
        { type: 'image' as const, image: png },
      ],
    },
  ]
  t.equal((await generateText({ ...once, messages })).text, 'One dot.')
  t.strictSame(imageTypes(callsOf(bridge, 'V-image')[0]!), ['image/png'])
})

await t.test('failures are its own errors', async (t) => {
  standin.when('V-500', httpError(500))
  const failed = await errorOf(generateText({ ...once, model: provider(direct), prompt: 'V-500' }))
  t.ok(APICallError.isInstance(failed))
  t.match(failed, { statusCode: 502, message: /\w/ })
  standin.when('V-never', message(structuredOutput({ name: 3 })))
  const never = await errorOf(generateObject({ ...once, schema, prompt: 'V-never' }))
  t.ok(APICallError.isInstance(never) && !NoObjectGeneratedError.isInstance(never), 'an HTTP error, not an object that does not parse')
  t.match(never, { statusCode: 502 })
})

await t.test('giving up ends the job', async (t) => {
  standin.when('V-abort', hang(2))
  const controller = new AbortController()
  const result = streamText({ ...once, prompt: 'V-abort', abortSignal: controller.signal, onError: () => {} })
  const parts: string[] = []
  let from = 0
  for await (const part of result.fullStream) {
    parts.push(part.type)
    if (part.type === 'text-delta' && from === 0) {
      from = Date.now()
      controller.abort()
    }
  }
  t.ok(parts.includes('abort'))
  const asked = callsOf(bridge, 'V-abort')[0]!
  await asked.ended
  t.equal(asked.closed, true, 'the connection upstream is closed')
  await bridge.idle()
  t.ok(Date.now() - from < 2 * promptMs, 'and no process is left')
  const list = (await (await bridge.get('/tasks?limit=1')).json()) as { data: object[] }
  t.match(list.data[0], { status: 'cancelled' })
})
