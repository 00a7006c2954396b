/** Made keys without a server: what they are, whose a key is, and what becomes of it. */
import t from 'tap'
import { isKeyAskedFor } from '../../src/keyed.js'
import { keyOfRecord } from '../../src/jobs/key-record.js'
import type { KeyStore, MadeKey } from '../../src/jobs/keys.js'
import { type NewKey, newKeySchema, toKeyChange, toKeyList, toNewKey } from '../../src/keys/bodies.js'
import { KeyAdmin } from '../../src/keys/key-admin.js'
import { KeyRing } from '../../src/keys/ring.js'
import { digestOf, idIn, newKeyId } from '../../src/keys/secret.js'
import { redact } from '../../src/redact.js'

const asked = (name: string, more: Partial<NewKey> = {}): NewKey => ({ ...toNewKey({ name }), ...more })

function setUp(otherNames: string[] = []) {
  const ring = new KeyRing()
  const stored = new Map<string, MadeKey>()
  const revoked: string[] = []
  let fails = false
  const store: KeyStore = {
    all: async () => [...stored.values()],
    async put(key) {
      if (fails) throw new Error('no room')
      stored.set(key.id, key)
    },
  }
  const admin = new KeyAdmin({ ring, store, otherNames: () => otherNames, onRevoked: async (id) => void revoked.push(id) })
  const find = (key: string, now?: number) => ring.find(key, digestOf(key), now)
  const failing = (value: boolean) => void (fails = value)
  return { ring, admin, stored, revoked, find, failing }
}

const refusal = (code: string) => ({ name: 'BridgeError', failure: { code } }) as unknown as Error

await t.test('a key is its id and 32 random bytes; its digest alone is kept', async (t) => {
  const { admin, stored, find } = setUp()
  const { secret, key } = await admin.make(asked('ann'))
  t.match(secret, /^cb_[a-z0-9]{10}_[\w-]{43}$/)
  t.equal(idIn(secret), key.id)
  t.equal(key.digest, digestOf(secret).toString('hex'))
  t.notMatch(JSON.stringify([...stored]), secret.slice(14), 'and nothing else of it')
  t.match(find(secret), { kind: 'key', key: { id: key.id, name: 'ann' } })
  const other = await admin.make(asked('bob'))
  const wrong = [
    `${secret.slice(0, -1)}${secret.endsWith('A') ? 'E' : 'A'}`,
    `cb_${key.id}_${other.secret.slice(14)}`,
    secret.slice(0, -1),
    `${secret}A`,
    key.id,
    '',
    secret.toUpperCase(),
  ]
  for (const one of wrong) t.equal(find(one), null, one)
  t.equal(redact(`it was ${secret}.`), `it was cb_${key.id}_….`, 'an error that has one does not show it')
})

await t.test('rotation, with and without time of grace', async (t) => {
  const { admin, find } = setUp()
  const first = await admin.make(asked('ann'))
  const { id } = first.key
  const second = await admin.rotate(id, 0)
  t.equal(find(first.secret), null)
  t.match(find(second.secret), { kind: 'key', key: { id } }, 'the same owner')
  const third = await admin.rotate(id, 60)
  t.match(find(second.secret), { kind: 'key', key: { id } }, 'taken in its time of grace')
  t.match(find(third.secret), { kind: 'key' })
  t.strictSame(find(second.secret, Date.now() + 60_000), { kind: 'gone' }, 'and not after it')
  t.match(find(third.secret, Date.now() + 60_000), { kind: 'key' })
  await admin.rotate(id, 60)
  t.equal(find(second.secret), null, 'one grace at a time')
  t.match(find(third.secret), { kind: 'key' })
})

await t.test('a revoked key', async (t) => {
  const { admin, ring, revoked, find } = setUp()
  const { secret, key } = await admin.make(asked('ann'))
  const { secret: next } = await admin.rotate(key.id, 60)
  await admin.revoke(key.id)
  t.strictSame([find(secret), find(next)], [{ kind: 'gone' }, { kind: 'gone' }])
  t.ok(ring.isRevoked(key.id))
  t.strictSame(revoked, [key.id])
  const { revokedAt } = ring.of(key.id)!
  await admin.revoke(key.id)
  t.equal(ring.of(key.id)!.revokedAt, revokedAt, 'a second time is the same')
  await t.rejects(admin.rotate(key.id, 0), refusal('invalid_request'))
  await t.rejects(admin.change(key.id, { name: 'x' }), refusal('invalid_request'))
  await t.rejects(admin.revoke('nobody0000'), refusal('key_not_found'))
  const again = await admin.make(asked('ann'))
  t.not(again.key.id, key.id, 'its name is free, its id is not')
  const tried: string[] = []
  newKeyId((id) => tried.push(id) < 3)
  t.equal(new Set(tried).size, 3, 'an id that is taken is not given')
})

await t.test('names', async (t) => {
  const { admin } = setUp(['of-the-list'])
  const { key } = await admin.make(asked('ann'))
  const twice = await Promise.allSettled([admin.make(asked('twice')), admin.make(asked('twice'))])
  t.strictSame(twice.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], 'of two at once one gets the name')
  for (const name of ['ann', 'of-the-list', key.id]) {
    await t.rejects(admin.make(asked(name)), refusal('invalid_value'), name)
    const { key: other } = await admin.make(asked(`other.${name}`))
    await t.rejects(admin.change(other.id, { name }), refusal('invalid_value'), name)
  }
  t.match(await admin.change(key.id, { name: 'ann', admin: true }), { name: 'ann', admin: true }, 'its own name is not taken')
  for (const name of ['', 'a b', 'ä', 'x'.repeat(65), 'anonymous', 'key-1', 'key_0123456789abcdef'])
    t.notOk(newKeySchema.safeParse({ name }).success, name)
})

await t.test('what the store did not take has not happened', async (t) => {
  const { admin, ring, find, failing } = setUp()
  const { secret, key } = await admin.make(asked('ann'))
  failing(true)
  await t.rejects(admin.make(asked('bob')))
  await t.rejects(admin.rotate(key.id, 0))
  await t.rejects(admin.revoke(key.id))
  failing(false)
  t.equal(ring.size, 1)
  t.match(find(secret), { kind: 'key' })
  await admin.revoke(key.id)
  t.match(find(secret), { kind: 'gone' }, 'and the next change is made')
})

await t.test('bodies', async (t) => {
  const limits = { requests_per_minute: 60, usd_per_day: 0.5, running: null }
  const made = toNewKey(newKeySchema.parse({ name: 'ann', models: ['sonnet'], limits, priority: null }))
  t.match(made, { admin: false, models: ['sonnet'], mcpServers: null, tools: null, priority: 1 })
  t.strictSame(made.limits, { requestsPerMinute: 60, usdPerDay: 0.5 })
  const change = toKeyChange({ models: null, limits: { usd_per_day: null, streams: 3 } })
  t.strictSame(change.limits?.(made.limits), { requestsPerMinute: 60, streams: 3 }, 'what is left out stays')
  t.strictSame(Object.keys(change).sort(), ['limits', 'models'])
  t.strictSame(toKeyChange({ limits: null }).limits?.(made.limits), {})
  for (const bad of [{ usd_per_week: 1 }, { running: 0 }, { running: 1.5 }, { usd_per_day: -1 }, { streams: '3' }])
    t.notOk(newKeySchema.safeParse({ name: 'x', limits: bad }).success, JSON.stringify(bad))
  t.notOk(newKeySchema.safeParse({ name: 'x', modles: [] }).success, 'a member with a slip in its name')
})

await t.test('pages', async (t) => {
  const { admin, ring } = setUp()
  for (const name of ['a', 'b', 'c']) await admin.make(asked(name))
  const names = (query: Parameters<typeof toKeyList>[1]) => toKeyList(ring.all, query)?.data.map(({ name }) => name)
  const [a, , c] = ring.all.map(({ id }) => id)
  t.strictSame(names({ limit: 9, order: 'desc' }), ['c', 'b', 'a'])
  t.strictSame(names({ limit: 2, order: 'asc', after: a }), ['b', 'c'])
  t.match(toKeyList(ring.all, { limit: 2, order: 'asc' }), { has_more: true, first_id: a })
  t.match(toKeyList(ring.all, { limit: 2, order: 'asc', after: a }), { has_more: false, last_id: c })
  t.strictSame(toKeyList(ring.all, { limit: 2, order: 'asc', after: 'x' }), null)
})

await t.test('when a key is asked for', async (t) => {
  const { admin, ring } = setUp()
  const config = { apiKeys: [], host: '127.0.0.1', allowAnonymous: false }
  const keyed = (more: object = {}) => isKeyAskedFor({ ...config, ...more }, ring)
  t.notOk(keyed())
  t.ok(keyed({ apiKeys: [{ name: 'a', key: 'b' }], allowAnonymous: true }))
  t.ok(keyed({ host: '0.0.0.0' }), 'other machines reach it')
  t.notOk(keyed({ host: '0.0.0.0', allowAnonymous: true }))
  const { key } = await admin.make(asked('ann'))
  t.ok(keyed())
  t.ok(keyed({ allowAnonymous: true }))
  await admin.revoke(key.id)
  t.ok(keyed(), 'to revoke the last key lets nobody in')
  t.notOk(keyed({ allowAnonymous: true }))
  ring.put(keyOfRecord('damaged000', '{'))
  t.ok(keyed({ allowAnonymous: true }), 'nor does a record that is damaged')
})
