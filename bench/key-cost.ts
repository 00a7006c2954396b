/** What it costs a request to be let in by a made key, among a thousand of them and ten of `API_KEYS`. */
import { Keys } from '../src/http/key-check.js'
import { toNewKey } from '../src/keys/bodies.js'
import { KeyRing } from '../src/keys/ring.js'
import { digestOf, newKey, newKeyId } from '../src/keys/secret.js'
import type { Rig } from './rig.js'

const made = 1000
const listed = 10

export async function measureKeys({ findings, quick }: Rig): Promise<void> {
  const ring = new KeyRing()
  const secrets = Array.from({ length: made }, (_, index) => {
    const id = newKeyId((one) => ring.of(one) !== null)
    const secret = newKey(id)
    const digest = digestOf(secret).toString('hex')
    ring.put({ ...toNewKey({ name: `key${index}` }), id, digest, previous: null, createdAt: index, revokedAt: null })
    return secret
  })
  const apiKeys = Array.from({ length: listed }, (_, index) => ({ name: `name${index}`, key: `a-key-of-the-list-${index}` }))
  const keys = new Keys(apiKeys, { find: () => null }, ring, 'an-admin-key-of-32-characters-00')
  const rounds = quick ? 20 : 100
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const from = performance.now()
    for (const secret of secrets) {
      const { kind } = keys.check({ headersDistinct: { authorization: [`Bearer ${secret}`] } })
      if (kind !== 'owner') return findings.check(false, `a made key was ${kind}`)
    }
    times.push(((performance.now() - from) / made) * 1000)
  }
  findings.add('key_check', `a made key of ${made} is found and compared: time`, 'µs', times)
}
