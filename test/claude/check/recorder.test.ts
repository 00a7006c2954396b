import t from 'tap'
import { Recorder } from '../../../src/claude/check/recorder.js'

const recorder = new Recorder()
await recorder.open()
t.teardown(() => recorder.close())

const post = (path: string, body: string) => fetch(recorder.url + path, { method: 'POST', body })
const asks = (text: string, more: object = {}) =>
  JSON.stringify({ model: 'm', stream: true, ...more, messages: [{ role: 'user', content: text }] })
/** The events of a stream. */
async function events(response: Response): Promise<{ type: string; [key: string]: unknown }[]> {
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('data: '))
  return lines.map((line) => JSON.parse(line.slice(6)) as { type: string })
}

await t.test('a model call is kept to the byte and answered by its marker', async (t) => {
  recorder.script('mark-1', [{ text: 'one' }, { tool: 'look', id: 'toolu_1', input: { a: 1 } }])
  recorder.script('mark-2', [{ text: 'two' }])
  const body = asks('é mark-1').replace('"m"', ' "m" ')
  const first = await post('/v1/messages?beta=true', body)
  t.match(first.headers.get('content-type'), /^text\/event-stream/)
  t.match(await events(first), [
    { type: 'message_start', message: { model: 'm', role: 'assistant' } },
    { type: 'content_block_start', content_block: { type: 'text' } },
    { type: 'content_block_delta', delta: { type: 'text_delta', text: 'one' } },
    { type: 'content_block_stop' },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
    { type: 'message_stop' },
  ])
  const call = await events(await post('/v1/messages', asks('mark-2, then mark-1')))
  t.match(call[1], { content_block: { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} } }, 'the last marker counts')
  t.match(call[2], { delta: { type: 'input_json_delta', partial_json: '{"a":1}' } })
  t.match(call[4], { delta: { stop_reason: 'tool_use' } })
  t.match(await events(await post('/v1/messages', asks('mark-1'))), call.slice(0, 1), 'the last answer again')
  t.match((await events(await post('/v1/messages', asks('mark-1, then mark-2'))))[2], { delta: { text: 'two' } })
  t.equal(recorder.callsOf('mark-1').length, 3)
  t.equal(recorder.callsOf('mark-1')[0]!.raw, body)
  t.equal(recorder.callsOf('mark-2').length, 1)
  t.strictSame(recorder.callsOf('mark-3'), [])
  t.strictSame(recorder.strays, [])
})

await t.test('a call that nobody has scripted is kept apart', async (t) => {
  t.equal((await post('/v1/messages', asks('what?'))).status, 200)
  t.equal(recorder.strays.length, 1)
  t.equal((await post('/v1/messages', asks('quota', { stream: false }))).status, 400)
  t.equal(recorder.strays.length, 2)
})

await t.test('everything else is harmless', async (t) => {
  t.equal((await fetch(recorder.url, { method: 'HEAD' })).status, 200)
  t.equal((await fetch(`${recorder.url}/v1/models`)).status, 200)
  t.strictSame(await (await post('/v1/messages/count_tokens', '{}')).json(), { input_tokens: 1 })
  t.equal((await post('/api/event_logging', '{}')).status, 404)
  t.equal((await post('/v1/messages', 'no JSON')).status, 404)
  t.equal((await post('/v1/messages', '[]')).status, 404)
  t.equal(recorder.strays.length, 2, 'none of it is a model call')
})

await t.test('it listens on loopback only, and no more when it is closed', async (t) => {
  t.match(recorder.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  await recorder.close()
  await t.rejects(fetch(recorder.url))
  await recorder.close()
})
