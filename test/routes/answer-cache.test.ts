/** `ANSWER_CACHE_S`: identical deterministic requests get one answer, and are one job while it runs. */
import t from 'tap'
import { ask, askDirect, gate, startBridge, until } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { message, text } from '../standin/index.js'

const bridge = await startBridge(t, { direct: 100, env: { ANSWER_CACHE_S: '60', API_KEYS: 'ann:key-a,bob:key-b' } })
const { standin } = bridge

const post = (body: unknown, headers: Record<string, string> = {}) =>
  bridge.post('/v1/chat/completions', body, { authorization: 'Bearer key-a', ...headers })
const calls = (marker: string) => standin.calls.filter((call) => JSON.stringify(call.body.messages).includes(marker)).length

await t.test('asked twice, answered once: block and stream', async (t) => {
  standin.when('C-twice', message('once'), message('never'))
  const first = await post(ask('C-twice', { temperature: 0 }))
  t.equal(first.headers.get('x-bridge-cache'), 'miss')
  const body = (await first.json()) as { id: string }
  const second = await post({ temperature: 0, ...ask('C-twice') })
  t.equal(second.headers.get('x-bridge-cache'), 'hit')
  t.strictSame(await second.json(), body)
  const stream = await post(ask('C-twice', { temperature: 0, stream: true }))
  t.equal(stream.headers.get('x-bridge-cache'), 'hit')
  const said = (await framesOf(stream)).map(({ data }) => data).join('\n')
  t.match(said, /"content":"once"/)
  t.match(said, /\[DONE\]/)
  t.equal(calls('C-twice'), 1)
})

await t.test('one cache for both addresses', async (t) => {
  standin.when('C-both', message('once'), message('never'))
  const body = askDirect('C-both', { temperature: 0 })
  t.equal((await post(body)).headers.get('x-bridge-cache'), 'miss')
  const short = await bridge.post('/chat/completions', body, { authorization: 'Bearer key-a' })
  t.equal(short.headers.get('x-bridge-cache'), 'hit')
  t.equal(calls('C-both'), 1)
})

await t.test('joined while it is on its way', async (t) => {
  const { opened, open } = gate()
  standin.when('C-flight', message(text(['one ', 'answer']), { hold: { afterDeltas: 1, until: opened } }))
  const all = [1, 2, 3].map(() => post(askDirect('C-flight', { temperature: 0 })))
  await until(() => calls('C-flight') > 0)
  open()
  const ids = await Promise.all(all.map(async (response) => ((await (await response).json()) as { id: string }).id))
  t.equal(new Set(ids).size, 1)
  t.equal(calls('C-flight'), 1)
})

await t.test('not joined: another key, another question, not deterministic, told not to', async (t) => {
  standin.when('C-own', message('mine'))
  const base = askDirect('C-own', { temperature: 0 })
  await post(base)
  const others: [unknown, Record<string, string>?][] = [
    [base, { authorization: 'Bearer key-b' }],
    [{ ...base, model: 'opus' }],
    [{ ...base, temperature: 0.1 }],
    [askDirect('C-own')],
    [base, { 'cache-control': 'no-cache' }],
    [base, { 'cache-control': 'max-age=0, no-store' }],
  ]
  for (const [body, headers] of others) {
    const response = await post(body, headers)
    t.equal(response.status, 200)
    t.not(response.headers.get('x-bridge-cache'), 'hit', JSON.stringify([body, headers]))
  }
  t.equal((await post(base)).headers.get('x-bridge-cache'), 'hit', 'none of them has taken its place')
  t.equal(calls('C-own'), 1 + others.length)
})

await t.test('its time counts from the answer on', async (t) => {
  const short = await startBridge(t, { direct: 100, env: { ANSWER_CACHE_S: '1' } })
  const { opened, open } = gate()
  short.standin.when('C-short', message(text(['one ', 'answer']), { hold: { afterDeltas: 1, until: opened } }))
  const post = () => short.post('/v1/chat/completions', askDirect('C-short', { temperature: 0 }))
  const first = post()
  await short.asked('C-short')
  await until(() => false, 1100)
  const second = post()
  // health goes through the store as well, so after it the second request has joined
  await short.get('/health')
  open()
  t.equal((await first).headers.get('x-bridge-cache'), 'miss')
  t.equal((await second).headers.get('x-bridge-cache'), 'hit', 'joined while it runs, however long that is')
  t.equal(short.standin.calls.length, 1)
  await until(() => false, 1100)
  t.equal((await post()).headers.get('x-bridge-cache'), 'miss', 'its time is over')
})

await t.test('three at the very same moment are one', async (t) => {
  standin.when('C-same', message('one'))
  const ids = await Promise.all(
    [1, 2, 3].map(async () => ((await (await post(askDirect('C-same', { temperature: 0 }))).json()) as { id: string }).id),
  )
  t.equal(new Set(ids).size, 1)
})
