/** API keys: whose a request's is, and that the log has none of them. */
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import t from 'tap'
import { Keys } from '../../src/http/key-check.js'
import { defaultLimits } from '../../src/http/limits.js'
import { createLogger } from '../../src/logger.js'
import auth from '../../src/plugins/auth.js'
import connections from '../../src/plugins/connections.js'
import errors from '../../src/plugins/errors.js'

const apiKeys = [
  { name: 'ann', key: 'key-of-ann' },
  { name: 'bob', key: 'key-of-bob' },
]

await t.test('whose it is', async (t) => {
  const keys = new Keys(apiKeys)
  const check = (...authorization: string[]) => keys.check({ headersDistinct: { authorization } })
  t.strictSame(check('Bearer key-of-ann'), { kind: 'owner', owner: 'ann' })
  t.strictSame(check('bearer   key-of-bob '), { kind: 'owner', owner: 'bob' })
  for (const one of ['Bearer key-of-an', 'Bearer key-of-anna', 'Bearer KEY-OF-ANN', 'Bearer ann'])
    t.strictSame(check(one), { kind: 'wrong' }, one)
  for (const one of ['key-of-ann', 'Basic key-of-ann', 'Bearer', 'Bearer key-of-ann more', 'x Bearer key-of-ann']) {
    t.strictSame(check(one), { kind: 'missing' }, one)
  }
  t.strictSame(keys.check({ headersDistinct: {} }), { kind: 'missing' })
  t.strictSame(check('Bearer key-of-ann', 'Bearer key-of-bob'), { kind: 'missing' }, 'of two it is neither')
  t.strictSame(check('Bearer key-of-ann', 'Bearer key-of-ann'), { kind: 'missing' })
})

await t.test('no key is logged, known or not', async (t) => {
  const lines: string[] = []
  const app = fastify({ loggerInstance: createLogger('trace', { write: (line) => void lines.push(line) }) })
  await app.register(errors)
  await app.register(connections, { limits: defaultLimits })
  await app.register(auth, { apiKeys, limits: { ...defaultLimits, wrongKeyFirstMs: 1 } })
  app.get('/', () => 'let in')
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => app.close())
  const { port } = app.server.address() as AddressInfo
  const statusWith = async (key: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${key}` } })
    await response.text()
    return response.status
  }
  t.equal(await statusWith('key-of-ann'), 200)
  t.equal(await statusWith('key-of-nobody'), 401)
  t.ok(lines.length > 0, 'there is a log')
  t.notMatch(lines.join(''), /key-of/)
})
