/** A response in the background is the same one after the server was killed, down to the numbers of its events. */
import t from 'tap'
import { environment, gate, until } from '../helper.js'
import { type Frame, FrameReader, framesOf } from '../helper-sse.js'
import { startServer, temporary } from '../helper-server.js'
import { contains, message, startStandin, text } from '../standin/index.js'

const said = (frames: Frame[]) => frames.filter(({ data }) => data !== undefined)

async function create(url: string, input: string): Promise<string> {
  const response = await fetch(`${url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sonnet', input, background: true }),
  })
  return ((await response.json()) as { id: string }).id
}

await t.test('killed in the middle', async (t) => {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  const env = environment(temporary(t), standin.url)
  const { opened, open } = gate()
  t.teardown(open)
  standin.when('Z-done', message(text(['one ', 'two ', 'three'])))
  standin.when('Z-cut', message(text(['one ', 'two ', 'three']), { hold: { afterDeltas: 2, until: opened } }))

  const first = await startServer(t, env)
  const done = await create(first.url, 'Z-done')
  const before = said(await framesOf(await fetch(`${first.url}/v1/responses/${done}?stream=true`)))
  t.match(before.at(-1), { event: 'response.completed' })

  const cut = await create(first.url, 'Z-cut')
  t.ok(await until(() => standin.calls.some((call) => contains(call, 'Z-cut')), 20_000))
  const reader = new FrameReader(await fetch(`${first.url}/v1/responses/${cut}?stream=true`))
  const seen: Frame[] = []
  while (!seen.at(-1)?.data?.includes('two ')) seen.push((await reader.nextEvent())!)
  const next = seen.length
  const running = (await (await fetch(`${first.url}/v1/responses/${done}`)).json()) as object
  first.process.kill('SIGKILL')
  await first.ended
  await t.rejects(reader.all(), 'the connection breaks off')

  const second = await startServer(t, env)
  t.strictSame(await (await fetch(`${second.url}/v1/responses/${done}`)).json(), running, 'what was complete still is')
  for (const after of [0, 3, before.length - 2]) {
    const rest = said(await framesOf(await fetch(`${second.url}/v1/responses/${done}?stream=true&starting_after=${after}`)))
    t.strictSame(rest, before.slice(after + 1), `after ${after}`)
  }

  const all = said(await framesOf(await fetch(`${second.url}/v1/responses/${cut}?stream=true`)))
  t.strictSame(all.slice(0, next), seen, 'what a reader has seen is still there')
  const rest = said(await framesOf(await fetch(`${second.url}/v1/responses/${cut}?stream=true&starting_after=${next - 1}`)))
  t.strictSame(rest, all.slice(next), 'and it goes on there')
  t.match(rest.at(-1), { event: 'response.failed', data: /interrupted/ })
  t.match(await (await fetch(`${second.url}/v1/responses/${cut}`)).json(), {
    ...{ status: 'failed', error: { code: 'server_error' }, bridge: { error: { code: 'interrupted' } } },
    output: [{ type: 'message', status: 'incomplete', content: [{ text: 'one two ' }] }],
  })
  second.process.kill('SIGTERM')
  await second.ended
})
