/** `GET /`: the page, what it may do, and whether what it asks for exists. */
import { createHash } from 'node:crypto'
import vm from 'node:vm'
import t from 'tap'
import { startBridge } from '../helper.js'

const bridge = await startBridge(t, { env: { API_KEYS: 'me:the-key-of-this-test' } })
const response = await bridge.get('/')
const html = await response.text()
const script = /<script>(.*?)<\/script>/s.exec(html)![1]!

await t.test('it needs no key, and holds no secret', async (t) => {
  t.equal(response.status, 200)
  t.match(Object.fromEntries(response.headers), {
    ...{ 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff', 'x-request-id': /^req_/ },
    ...{ 'referrer-policy': 'no-referrer' },
  })
  t.equal((await fetch(`${bridge.url}/`, { method: 'HEAD' })).status, 200)
})

await t.test('the policy lets its own script and style run and nothing else', async (t) => {
  const policy = new Map(
    response.headers
      .get('content-security-policy')!
      .split('; ')
      .map((rule): [string, string] => {
        const space = rule.indexOf(' ')
        return [rule.slice(0, space), rule.slice(space + 1)]
      }),
  )
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  t.strictSame(Object.fromEntries(policy), {
    'default-src': "'none'",
    'script-src': hash(script),
    'style-src': hash(/<style>(.*?)<\/style>/s.exec(html)![1]!),
    'connect-src': "'self'",
    'img-src': 'data:',
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  })
  t.equal(html.match(/<script|<style/g)?.length, 2)
})

await t.test('what users wrote can only become text', async (t) => {
  t.doesNotThrow(() => new vm.Script(script))
  t.notMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\b|new Function|setAttribute/)
  t.notMatch(html, /https?:\/\/|\/\/cdn|@import|\burl\(/, 'nothing from elsewhere')
  t.notMatch(html.replace(script, ''), /\son\w+=|\sstyle=|javascript:/, 'nothing that the policy forbids')
  t.match(script, /sessionStorage/)
  t.notMatch(script, /localStorage|document\.cookie/)
})

await t.test('everything it looks up is on the page', async (t) => {
  for (const [, id] of script.matchAll(/\$\('([^']+)'\)/g)) t.ok(html.includes(` id="${id}"`), `#${id}`)
})

await t.test('everything it asks for is answered', async (t) => {
  const calls = [...script.matchAll(/call\('([A-Z]+)', ['`](.+?)['`][,)]/g)]
  const asked = calls.map(([, method, path]) => ({
    method: method!,
    url: `/${path!.replace(/\?.*/, '').replace(/\$\{encodeURIComponent\(id\)\}/, ':id')}`,
  }))
  t.strictSame(asked.map(({ method, url }) => `${method} ${url}`).sort(), [
    'GET /health',
    'GET /tasks',
    'GET /tasks/:id/events',
    'POST /tasks/:id/cancel',
  ])
  for (const route of asked) t.ok(bridge.app.hasRoute(route), `${route.method} ${route.url}`)
  const health = (await (await bridge.get('/health', { authorization: 'Bearer the-key-of-this-test' })).json()) as Record<string, object>
  // the members it takes apart, which would be undefined if health changed
  for (const name of ['claude', 'queue', 'slots', 'store', 'warm_pool', 'processes']) t.type(health[name], 'object', name)
  const open = (await (await bridge.get('/health')).json()) as Record<string, object>
  t.equal(open['claude'], undefined, 'without a key there are checks in their place')
  t.type(open['checks'], 'object')
})
