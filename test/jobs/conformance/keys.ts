import type { MadeKey } from '../../../src/jobs/keys.js'
import { addJob } from './records.js'
import type { Theme } from './theme.js'

export const keyOf = (id: string, more: Partial<MadeKey> = {}): MadeKey => ({
  id,
  name: `name of ${id}`,
  digest: 'a'.repeat(64),
  previous: null,
  admin: false,
  models: null,
  mcpServers: null,
  tools: null,
  priority: 0,
  limits: {},
  createdAt: 1_790_000_000_123,
  revokedAt: null,
  ...more,
})

export const keys: Theme = async (subtest) => {
  await subtest('keys', async (t, store, reopen) => {
    t.strictSame(await store.keys.all(), [])
    const second = keyOf('second0000', {
      ...{ previous: { digest: 'b'.repeat(64), until: 1_790_000_100_000 }, admin: true, priority: -3 },
      ...{ models: ['sonnet', 'ünï'], mcpServers: [], tools: ['Read'] },
      limits: { requestsPerMinute: 60, tokensPerMinute: 1e6, running: 2, usdPerDay: 0.5, usdPerMonth: 10, storedMb: 1, streams: 3 },
    })
    // not in the order of their ids, nor of their names
    for (const key of [keyOf('zzzzzzzzzz'), second, keyOf('aaaaaaaaaa')]) await store.keys.put(key)
    t.strictSame(await store.keys.all(), [keyOf('zzzzzzzzzz'), second, keyOf('aaaaaaaaaa')], 'in the order in which they were made')

    const revoked = { ...second, revokedAt: 1_790_000_200_000, limits: {} }
    await store.keys.put(revoked)
    t.strictSame(await store.keys.all(), [keyOf('zzzzzzzzzz'), revoked, keyOf('aaaaaaaaaa')], 'one that is replaced keeps its place')

    await addJob(store, { owner: 'second0000', expiresAt: 1, ttlS: 0 })
    await store.prune(Date.now() + 1e12)
    await store.close()
    store = await reopen()
    t.strictSame(await store.keys.all(), [keyOf('zzzzzzzzzz'), revoked, keyOf('aaaaaaaaaa')], 'and stays, for good')
  })
}
