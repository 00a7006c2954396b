/** No page of this server can be framed, and each has a content policy; strangers are told little. */
import t from 'tap'
import { openHealthSchema, readySchema, healthSchema } from '../../src/health.js'
import { ask, startBridge } from '../helper.js'
import { httpError } from '../standin/index.js'

const keys = { ann: 'the-key-of-ann-in-this-test', bob: 'the-key-of-bob-in-this-test' }
const limits = { wrongKeyFirstMs: 1, wrongKeyLongestMs: 1 }
const bridge = await startBridge(t, { env: { API_KEYS: `ann:${keys.ann},bob:${keys.bob}` }, limits })
const as = (key: string) => ({ authorization: `Bearer ${key}` })

await t.test('frames and content', async (t) => {
  for (const page of ['/', '/docs', '/docs/', '/docs/static/index.html', '/docs/static/swagger-initializer.js']) {
    const { status, headers } = await bridge.get(page)
    t.equal(status, 200, page)
    t.equal(headers.get('x-frame-options'), 'DENY', page)
    t.equal(headers.get('x-content-type-options'), 'nosniff', page)
    t.equal(headers.get('referrer-policy'), 'no-referrer', page)
    t.match(headers.get('content-security-policy'), /frame-ancestors 'none'/, page)
    t.match(headers.get('content-security-policy'), /^default-src 'none'/, page)
    t.notMatch(headers.get('content-security-policy'), /script-src[^;]*unsafe|upgrade-insecure-requests/, page)
  }
})

await t.test('the page of /docs works under its policy', async (t) => {
  const html = await (await bridge.get('/docs/')).text()
  // scripts and styles from this server's own files, none in the page
  t.notMatch(html, /<script(?![^>]*\ssrc=)[^>]*>\s*\S|\son\w+="|https?:\/\/[^"]*\.(js|css)/)
  const files = [...html.matchAll(/(?:src|href)="([^"]+\.(?:js|css|png))"/g)].map(([, file]) => file!)
  t.ok(files.length >= 4, files.join(' '))
  for (const file of files) t.equal((await bridge.get(new URL(file, `${bridge.url}/docs/`).pathname)).status, 200, file)
})

await t.test('health', async (t) => {
  const secret = 'H-prompt-of-ann'
  bridge.standin.when(secret, httpError(400, { message: `the prompt was ${secret}` }))
  t.equal((await bridge.post('/v1/chat/completions', ask(secret), as(keys.ann))).status, 400)
  for (const headers of [{}, as('a-wrong-key'), { authorization: 'Basic x' }] as Record<string, string>[]) {
    const response = await bridge.get('/health', headers)
    t.equal(response.status, 200)
    const told = (await response.json()) as object
    t.strictSame(Object.keys(told).sort(), ['checks', 'status', 'version'])
    t.strictSame(openHealthSchema.parse(told), told)
    t.match(told, { status: 'ok', checks: { claude: { ok: true, code: null, detail: null }, store: { ok: true } } })
    const ready = (await (await bridge.get('/health/ready', headers)).json()) as { checks: Record<string, { detail: unknown }> }
    readySchema.parse(ready)
    t.ok(Object.values(ready.checks).every(({ detail }) => detail === null))
  }
  const seenBy = async (key: string) => healthSchema.parse(await (await bridge.get('/health', as(key))).json()).claude.last_failure
  t.match(await seenBy(keys.ann), { at: Number, code: String, message: String })
  t.match(await seenBy(keys.bob), { at: Number, code: String, message: null }, "another owner's failure has no text")
  t.notMatch(JSON.stringify(await seenBy(keys.bob)), secret)
})

await t.test('what is wrong has a code and no text', async (t) => {
  const down = await startBridge(t, { env: { CLAUDE_BIN: '/nowhere/claude', API_KEYS: `ann:${keys.ann}` } })
  const text = await (await down.get('/health')).text()
  t.match(JSON.parse(text), { status: 'degraded', checks: { claude: { ok: false, code: 'claude_unavailable', detail: null } } })
  t.notMatch(text, '/nowhere')
  const ready = await down.get('/health/ready')
  t.equal(ready.status, 503)
  t.notMatch(await ready.text(), '/nowhere')
  t.match(await (await down.get('/health/ready', as(keys.ann))).json(), { checks: { claude: { detail: /not there/ } } })
})
