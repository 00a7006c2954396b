/** A request whose key is known gets its answer, and nothing is done for it again. */
import t from 'tap'
import { depthHeader } from '../../src/intake/depth.js'
import { ask, gate, startBridge, until } from '../helper.js'
import { sends, startOrigin } from '../net/origin.js'
import { message } from '../standin/index.js'

const origin = await startOrigin(t)
const bridge = await startBridge(t, {
  net: { mayConnect: (address) => address === '127.0.0.1' },
  env: { MAX_CONCURRENT: '1', MAX_QUEUED: '0' },
})
const { standin } = bridge
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC', 'base64')
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

const chat = '/v1/chat/completions'
const keyed = (key: string, more: Record<string, string> = {}) => ({ 'idempotency-key': key, ...more })
const picture = (marker: string, path: string) => {
  const content = [
    { type: 'text', text: marker },
    { type: 'image_url', image_url: { url: origin.url + path } },
  ]
  return { model: 'sonnet', messages: [{ role: 'user', content }] }
}
const times = (path: string) => origin.asked.filter((asked) => asked === path).length
const code = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code

/** Takes the only slot until the returned function is called. */
async function busy(marker: string): Promise<() => Promise<void>> {
  const { opened, open } = gate()
  standin.when(marker, message('done', { hold: { afterDeltas: 0, until: opened } }))
  const blocking = bridge.post(chat, ask(marker))
  await bridge.asked(marker)
  return async () => {
    open()
    await (await blocking).text()
    await bridge.idle()
  }
}

await t.test('a full queue', async (t) => {
  standin.when('I-replay', message('the answer'))
  const first = await (await bridge.post(chat, ask('I-replay'), keyed('replay'))).text()
  await bridge.idle()
  const release = await busy('I-busy')
  t.equal(await code(await bridge.post(chat, ask('I-new'), keyed('new'))), 'queue_full')
  const again = await bridge.post(chat, ask('I-replay'), keyed('replay'))
  t.equal(again.status, 200)
  t.equal(await again.text(), first)
  const task = await bridge.post(chat, ask('I-replay'), keyed('replay', { prefer: 'respond-async' }))
  t.equal(task.status, 202, 'as a task as well')
  t.match(await task.json(), { status: 'completed' })
  const nested = await bridge.post(chat, ask('I-replay'), keyed('replay', { [depthHeader]: '1' }))
  t.equal(await nested.text(), first, 'asked by a job: there is nothing to wait for')
  const other = await bridge.post(chat, ask('I-other'), keyed('replay'))
  t.equal(other.status, 422)
  t.equal(await code(other), 'idempotency_key_reused')
  await release()

  const response = { model: 'sonnet', input: 'I-response' }
  const made = (await (await bridge.post('/v1/responses', response, keyed('response'))).json()) as { id: string }
  await bridge.idle()
  const releaseAgain = await busy('I-busy-again')
  t.match(await (await bridge.post('/v1/responses', response, keyed('response'))).json(), { id: made.id, status: 'completed' })
  await releaseAgain()
})

await t.test('images are not fetched again', async (t) => {
  origin.on('/once', sends(png))
  standin.when('I-image', message('a dot'))
  const post = (body = picture('I-image', '/once')) => bridge.post(chat, body, keyed('image'))
  const first = await (await post()).text()
  t.equal(times('/once'), 1)
  origin.on('/once', sends(gif))
  t.equal(await (await post()).text(), first, 'what is behind the URL by now does not matter')
  origin.on('/once', (_request, response) => void response.writeHead(500).end())
  t.equal(await (await post()).text(), first)
  t.equal((await post(picture('I-image', '/other'))).status, 422, 'another URL is another body')
  t.equal(times('/once'), 1)
  t.equal(times('/other'), 0)

  await bridge.idle()
  const release = await busy('I-busy-images')
  t.equal(await (await post()).text(), first, 'nor with a full queue')
  await release()
  t.equal(times('/once'), 1)
})

await t.test('what could not be fetched has taken no key', async (t) => {
  await bridge.idle()
  standin.when('I-later', message('there now'))
  t.equal((await bridge.post(chat, picture('I-later', '/later'), keyed('later'))).status, 400)
  origin.on('/later', sends(png))
  t.equal((await bridge.post(chat, picture('I-later', '/later'), keyed('later'))).status, 200)
})

await t.test('two at once, whose images come differently, are one job', async (t) => {
  await bridge.idle()
  const { opened, open } = gate()
  const answers = [png, gif]
  origin.on('/changing', (_request, response) => void opened.then(() => response.end(answers.shift())))
  standin.when('I-twins', message('one'))
  const asked = [1, 2].map(() => bridge.post(chat, picture('I-twins', '/changing'), keyed('twins')))
  t.ok(await until(() => times('/changing') === 2))
  open()
  const bodies = await Promise.all((await Promise.all(asked)).map((answer) => answer.text()))
  t.equal(bodies[0], bodies[1])
  t.equal(standin.calls.filter((call) => JSON.stringify(call.body).includes('I-twins')).length, 1)
})
