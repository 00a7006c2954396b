/** LangChain.js: invoke, stream, batch, tools bound to a model, structured answers by both of its methods. */
import { AIMessage, type AIMessageChunk, type BaseMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI, type ChatOpenAIFields } from '@langchain/openai'
import t from 'tap'
import { z } from 'zod'
import { direct, forcible, gate, onlyParked, startBridge } from '../helper.js'
import {
  httpError,
  message,
  offered,
  structuredOutput,
  systemText,
  text,
  thinking,
  toolResults,
  toolUse,
  userTexts,
} from '../standin/index.js'
import { errorOf } from './openai.js'
import { callsOf, processesOf, toolsOf } from './tools.js'

const bridge = await startBridge(t, { direct: 100, warm: onlyParked, env: { WARM_PROCESSES: '1' } })
const { standin } = bridge

const chatOf = (more: Partial<ChatOpenAIFields> = {}) =>
  new ChatOpenAI({ model: 'sonnet', apiKey: 'none', maxRetries: 0, configuration: { baseURL: `${bridge.url}/v1` }, ...more })
const chat = chatOf()

const usage = { input_tokens: 11, output_tokens: 22, cache_read_input_tokens: 33, cache_creation_input_tokens: 44 }
const counted = { input_tokens: 88, output_tokens: 22, total_tokens: 110, input_token_details: { cache_read: 33 } }

const weather = tool(({ city }) => (city === 'Atlantis' ? Promise.reject(new Error('it has sunk')) : `sun in ${city}`), {
  name: 'get_weather',
  description: 'Weather of a city',
  schema: z.object({ city: z.string() }),
})
const call = (city: string, id: string) => toolUse(offered('get_weather'), { city }, id)

await t.test('invoke', async (t) => {
  standin.when('L-invoke', message([thinking('hm'), text('Hello there.')], { usage }))
  const answer = await chat.invoke([
    new SystemMessage('Be kind.'),
    new HumanMessage('Hi'),
    new AIMessage('Yes?'),
    new HumanMessage('L-invoke'),
  ])
  t.equal(answer.content, 'Hello there.')
  t.match(answer.usage_metadata, counted)
  t.match(answer.additional_kwargs, { reasoning_content: 'hm' })
  t.match(answer.response_metadata, { finish_reason: 'stop' })
  const [asked] = callsOf(bridge, 'L-invoke')
  t.equal(systemText(asked!), 'Be kind.')
  t.strictSame(userTexts(asked!), ['Hi', 'L-invoke'])
})

await t.test('stream', async (t) => {
  standin.when('L-stream', message(text(['one ', 'two ', 'three']), { usage }))
  let whole: AIMessageChunk | undefined
  const pieces: unknown[] = []
  for await (const chunk of await chat.stream('L-stream')) {
    if (chunk.content !== '') pieces.push(chunk.content)
    whole = whole === undefined ? chunk : whole.concat(chunk)
  }
  t.strictSame(pieces, ['one ', 'two ', 'three'])
  t.match(whole?.usage_metadata, counted)
  t.match(whole?.response_metadata, { finish_reason: 'stop' })
})

await t.test('bindTools: a loop, results in the wrong order, an error as a result', async (t) => {
  const bound = chat.bindTools([weather])
  for (const streamed of [false, true]) {
    const marker = `L-tools-${streamed}`
    standin.when(
      marker,
      message([text('So: '), call('Rome', `toolu_${marker}_1`), call('Atlantis', `toolu_${marker}_2`)]),
      message(call('Bern', `toolu_${marker}_3`)),
      message('Sun.'),
    )
    const messages: BaseMessage[] = [new HumanMessage(marker)]
    const turn = async (): Promise<AIMessage> => {
      if (!streamed) return bound.invoke(messages)
      let whole: AIMessageChunk | undefined
      for await (const chunk of await bound.stream(messages)) whole = whole === undefined ? chunk : whole.concat(chunk)
      return whole!
    }
    let answer = await turn()
    t.equal(answer.content, 'So: ')
    t.match(answer.tool_calls, [{ id: `toolu_${marker}_1`, name: 'get_weather', args: { city: 'Rome' } }, { args: { city: 'Atlantis' } }])
    for (let round = 0; round < 3 && answer.tool_calls!.length > 0; round++) {
      messages.push(answer)
      const results = await Promise.all(
        answer.tool_calls!.map(async (asked) => {
          try {
            const result: ToolMessage = await weather.invoke({ ...asked, type: 'tool_call' })
            return result
          } catch (error) {
            return new ToolMessage({ content: (error as Error).message, status: 'error', tool_call_id: asked.id! })
          }
        }),
      )
      messages.push(...results.reverse())
      answer = await turn()
    }
    t.equal(answer.content, 'Sun.')
    const asked = callsOf(bridge, marker)
    t.equal(asked.length, 3)
    t.equal(processesOf(asked), 1, 'one process')
    t.match(toolsOf(asked[0]!), { mcp__client__get_weather: { type: 'object', required: ['city'] } })
    t.match(toolResults(asked[1]!), [
      { id: `toolu_${marker}_1`, text: 'sun in Rome' },
      { id: `toolu_${marker}_2`, text: /it has sunk/ },
    ])
    t.match(toolResults(asked[2]!), [{ text: 'sun in Bern' }])
  }
})

await t.test('bindTools: tool_choice', async (t) => {
  const cases = [
    ['required', { type: 'any' }],
    ['get_weather', { type: 'tool', name: 'mcp__client__get_weather' }],
    ['none', { type: 'none' }],
  ] as const
  for (const [choice, told] of cases) {
    const marker = `L-choice-${choice}`
    standin.when(marker, choice === 'none' ? message('no') : message(call('Rome', `toolu_${choice}`)))
    const answer = await chatOf({ model: forcible }).bindTools([weather], { tool_choice: choice }).invoke(marker)
    t.equal(answer.tool_calls?.length, choice === 'none' ? 0 : 1)
    t.match(callsOf(bridge, marker)[0]!.body.tool_choice, told)
  }
})

await t.test('withStructuredOutput, by schema, by function and as JSON', async (t) => {
  const schema = z.object({ name: z.string(), age: z.number().nullable() }).describe('a person')
  const ann = { name: 'Ann', age: null }
  standin.when('L-schema', message([text('Here:'), structuredOutput(ann)]))
  t.strictSame(await chat.withStructuredOutput(schema, { name: 'person', method: 'jsonSchema', strict: true }).invoke('L-schema'), ann)
  t.match(toolsOf(callsOf(bridge, 'L-schema')[0]!)['StructuredOutput'], { required: ['name', 'age'] })

  standin.when('L-function', message(toolUse(offered('person'), ann)))
  t.strictSame(
    await chatOf({ model: forcible }).withStructuredOutput(schema, { name: 'person', method: 'functionCalling' }).invoke('L-function'),
    ann,
  )
  const [asked] = callsOf(bridge, 'L-function')
  t.match(asked!.body.tool_choice, { type: 'tool', name: 'mcp__client__person' })

  standin.when('L-json', message(structuredOutput(ann)))
  t.strictSame(await chat.withStructuredOutput(schema, { method: 'jsonMode' }).invoke('L-json'), ann)

  const both = await chat.withStructuredOutput(schema, { name: 'person', includeRaw: true }).invoke('L-schema')
  t.strictSame(both.parsed, ann)
})

await t.test('batch: no more at once than asked for, answers in their order', async (t) => {
  const { opened, open } = gate()
  const markers = ['L-batch-a', 'L-batch-b', 'L-batch-c', 'L-batch-d', 'L-batch-e']
  for (const marker of markers) standin.when(marker, message(`answer to ${marker}`, { hold: { afterDeltas: 0, until: opened } }))
  const asking = chatOf({ model: direct }).batch(markers, { maxConcurrency: 2 })
  await Promise.all([bridge.asked('L-batch-a'), bridge.asked('L-batch-b')])
  t.equal(bridge.app.jobs.stats('network').running, 2)
  open()
  t.strictSame(
    (await asking).map(({ content }) => content),
    markers.map((marker) => `answer to ${marker}`),
  )
})

await t.test('failures', async (t) => {
  standin.when('L-400', httpError(400, { message: 'no' }))
  t.match(await errorOf(chat.invoke('L-400')), { status: 400, code: 'upstream_invalid_request' })
  t.match(await errorOf(chatOf({ model: 'gpt-4' }).invoke('L-none')), { status: 404, code: 'model_not_found' })
  const mixed = await chatOf({ model: direct }).batch(['L-400', 'L-stream'], {}, { returnExceptions: true })
  t.match(mixed, [{ status: 400 }, { content: 'one two three' }])
})
