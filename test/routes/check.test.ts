/** `POST /v1/chat/completions/check` says what would become of a request and runs nothing. */
import t from 'tap'
import { startBridge } from '../helper.js'

const bridge = await startBridge(t)

await t.test('taken, refused, nonsense', async (t) => {
  const check = async (body: unknown) => {
    const response = await bridge.post('/v1/chat/completions/check', body)
    t.equal(response.status, 200)
    return response.json()
  }
  t.match(await check({ model: 'sonnet', question: 'hi', seed: 7 }), {
    ok: true,
    honoured: ['model', 'question'],
    ignored: ['seed'],
    error: null,
  })
  t.match(await check({ model: 'sonnet', question: 'hi', logprobs: true }), {
    ok: false,
    error: { param: 'logprobs', code: 'unsupported_parameter' },
  })
  t.match(await check([]), { ok: false, error: { code: 'invalid_type' } })
  t.equal((await bridge.post('/v1/chat/completions/check', '{')).status, 400, 'what is no JSON is a bad request here as everywhere')
  t.equal(bridge.standin.calls.length, 0)
})
