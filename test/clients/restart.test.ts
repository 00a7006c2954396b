/** A loop of tools through the official client while the server is stopped and started between its rounds. */
import type OpenAI from 'openai'
import t from 'tap'
import { environment } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'
import { type RecordedRequest, contains, message, offered, startStandin, text, toolResults, toolUse } from '../standin/index.js'
import { clientOf, question } from './openai.js'
import { processesOf } from './tools.js'

const standin = await startStandin()
t.teardown(() => standin.close())
const env = { ...environment(temporary(t), standin.url), WARM_PROCESSES: '1' }

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const tools: OpenAI.ChatCompletionFunctionTool[] = [{ type: 'function', function: { name: 'get_weather', parameters } }]
const call = (city: string, id: string) => toolUse(offered('get_weather'), { city }, id)
const callsOf = (marker: string) => standin.calls.filter((asked) => contains(asked, marker))

/**
 * Whether a call tells the model what the client said. A CLI whose server was killed may see its input closed before the kernel ends
 * it, most of all on a busy machine; it then asks the model once more, about calls that nobody answered.
 */
const ofClient = (asked: RecordedRequest) => toolResults(asked).every((result) => result.text.startsWith('result of '))

/** What the model was told, without what differs from run to run. */
const told = (call: RecordedRequest, marker: string): unknown => {
  const plain = JSON.stringify(call.body.messages, (key, value: unknown) => (key === 'cache_control' ? undefined : value))
  return (JSON.parse(plain.replaceAll(marker, 'MARKER')) as { role: string }[]).filter(({ role }) => role !== 'system')
}

await t.test('the same final answer, and the same conversation told to the model', async (t) => {
  let server = await startServer(t, env)
  const restart = async (how: 'SIGTERM' | 'SIGKILL') => {
    server.process.kill(how)
    await server.ended
    server = await startServer(t, env)
  }
  const loop = async (marker: string, between: (round: number) => Promise<void>) => {
    standin.when(marker, (request) => {
      if (contains(request, `result of toolu_${marker}_3`)) return message('Sun, snow, fog.')
      if (contains(request, `result of toolu_${marker}_1`)) return message(call('Bern', `toolu_${marker}_3`))
      return message([text('Let me look.'), call('Rome', `toolu_${marker}_1`), call('Oslo', `toolu_${marker}_2`)])
    })
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: marker }]
    for (let round = 0; round < 3; round++) {
      const { choices } = await clientOf(server).chat.completions.create(question('', { messages, tools }))
      const said = choices[0]!.message
      if (choices[0]!.finish_reason !== 'tool_calls') return said.content
      messages.push(said)
      for (const { id } of [...said.tool_calls!].reverse()) messages.push({ role: 'tool', tool_call_id: id, content: `result of ${id}` })
      await between(round)
    }
    return null
  }
  t.equal(await loop('R-live', async () => {}), 'Sun, snow, fog.')
  t.equal(processesOf(callsOf('R-live')), 1)
  // killed with two calls open, stopped with one
  const marker = 'R-restart'
  t.equal(await loop(marker, (round) => restart(round === 0 ? 'SIGKILL' : 'SIGTERM')), 'Sun, snow, fog.')
  const asked = callsOf(marker).filter(ofClient)
  t.equal(asked.length, 3, 'one call a round')
  t.equal(processesOf(asked), 3, 'a process of its own each time')
  t.match(toolResults(asked[1]!), [{ id: `toolu_${marker}_1`, text: `result of toolu_${marker}_1` }, { id: `toolu_${marker}_2` }])
  for (const round of [1, 2]) t.strictSame(told(asked[round]!, marker), told(callsOf('R-live')[round]!, 'R-live'), `round ${round}`)
  server.process.kill('SIGTERM')
  t.match(await server.ended, { code: 0 })
})
