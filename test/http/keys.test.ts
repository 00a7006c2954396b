/** API keys: whose a request's is, and that the log has none of them. */
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyBaseLogger } from 'fastify'
import t, { type Test } from 'tap'
import { Keys } from '../../src/http/key-check.js'
import { KeyRing } from '../../src/keys/ring.js'
import { defaultLimits } from '../../src/http/limits.js'
import { createLogger } from '../../src/logger.js'
import auth from '../../src/plugins/auth.js'
import { readConfig } from '../../src/config.js'
import settings from '../../src/plugins/config.js'
import connections from '../../src/plugins/connections.js'
import errors from '../../src/plugins/errors.js'
import { origins } from '../../src/plugins/origins.js'

const apiKeys = [
  { name: 'ann', key: 'key-of-ann' },
  { name: 'bob', key: 'key-of-bob' },
]

/** One job is at work: bob's. */
const token = `job_${'a'.repeat(43)}`
const tokens = { find: (given: string) => (given === token ? { jobId: 'task_1', owner: 'bob' } : null) }

const ring = new KeyRing()

type Asked = (key: string) => Promise<Response>

/** A server that asks for keys, with what this needs; says whose a request is. */
async function serve(t: Test, wrongKeyFirstMs: number, loggerInstance?: FastifyBaseLogger): Promise<Asked> {
  const app = fastify({ ...(loggerInstance && { loggerInstance }) })
  await app.register(errors)
  await app.register(connections, { limits: defaultLimits })
  await app.register(settings, { config: readConfig({}), env: {} })
  await app.register(origins, { keyed: () => true })
  await app.register(auth, { apiKeys, adminKey: undefined, ring, keyed: () => true, tokens, limits: { ...defaultLimits, wrongKeyFirstMs } })
  app.get('/', ({ owner, parentJob }) => ({ owner, parentJob }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => app.close())
  const { port } = app.server.address() as AddressInfo
  return (key) => fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${key}` } })
}

await t.test('whose it is', async (t) => {
  const keys = new Keys(apiKeys, tokens, ring)
  const check = (...authorization: string[]) => keys.check({ headersDistinct: { authorization } })
  t.strictSame(check('Bearer key-of-ann'), { kind: 'owner', owner: 'ann', job: null })
  t.strictSame(check('bearer   key-of-bob '), { kind: 'owner', owner: 'bob', job: null })
  for (const one of ['Bearer key-of-an', 'Bearer key-of-anna', 'Bearer KEY-OF-ANN', 'Bearer ann'])
    t.strictSame(check(one), { kind: 'wrong' }, one)
  for (const one of ['key-of-ann', 'Basic key-of-ann', 'Bearer', 'Bearer key-of-ann more', 'x Bearer key-of-ann']) {
    t.strictSame(check(one), { kind: 'missing' }, one)
  }
  t.strictSame(keys.check({ headersDistinct: {} }), { kind: 'missing' })
  t.strictSame(check('Bearer key-of-ann', 'Bearer key-of-bob'), { kind: 'missing' }, 'of two it is neither')
  t.strictSame(check('Bearer key-of-ann', 'Bearer key-of-ann'), { kind: 'missing' })
  t.strictSame(check(`Bearer ${token}`), { kind: 'owner', owner: 'bob', job: 'task_1' }, 'a job at work, for its owner')
  t.strictSame(check(`Bearer ${token}x`), { kind: 'ended' })
  t.strictSame(new Keys([], tokens, ring).check({ headersDistinct: { authorization: ['Bearer job_x'] } }), { kind: 'ended' })
})

await t.test('a key that looks like a token is a key, and a guess at it is a wrong key', async (t) => {
  const keys = new Keys([{ name: 'ann', key: 'job_of-ann' }], tokens, ring)
  const check = (key: string) => keys.check({ headersDistinct: { authorization: [`Bearer ${key}`] } })
  t.strictSame(check('job_of-ann'), { kind: 'owner', owner: 'ann', job: null })
  t.strictSame(check('job_of-bob'), { kind: 'wrong' })
  t.match(check(token), { kind: 'owner', owner: 'bob' })
})

await t.test('the answer to a token of a job that has ended does not wait', async (t) => {
  const asked = await serve(t, 60_000)
  t.strictSame(await (await asked(token)).json(), { owner: 'bob', parentJob: 'task_1' })
  const refused = await asked(`${token}x`)
  t.equal(refused.status, 401)
  t.match(await refused.json(), { error: { code: 'invalid_api_key' } })
})

await t.test('no key is logged, known or not', async (t) => {
  const lines: string[] = []
  const asked = await serve(t, 1, createLogger('trace', { write: (line) => void lines.push(line) }))
  const statusWith = async (key: string) => {
    const response = await asked(key)
    await response.text()
    return response.status
  }
  t.equal(await statusWith('key-of-ann'), 200)
  t.equal(await statusWith('key-of-nobody'), 401)
  t.equal(await statusWith(token), 200)
  t.equal(await statusWith(`${token}x`), 401)
  t.ok(lines.length > 0, 'there is a log')
  t.notMatch(lines.join(''), /key-of|job_a/)
})
