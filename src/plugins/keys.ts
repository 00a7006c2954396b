/** Keys that are made while the server runs. */
import fp from 'fastify-plugin'
import type { Config } from '../config.js'
import { ConfigError } from '../errors/config-error.js'
import { KeyAdmin } from '../keys/key-admin.js'
import type { KeyRing } from '../keys/ring.js'
import { type SettingsOf, settingsOf } from '../keys/settings-of.js'

declare module 'fastify' {
  interface FastifyInstance {
    keyRing: KeyRing
    keyAdmin: KeyAdmin
    /** Another server has changed keys: they are read anew. */
    readKeys(): Promise<void>
    /** What a request of an owner is read with: the configuration, within what the owner's key may use. */
    settingsOf(owner: string): SettingsOf<Config>
  }
}

export default fp(
  async (app) => {
    const ring = app.keyRing
    const damaged = new Set<string>()
    async function readAll(): Promise<void> {
      for (const key of await app.store.keys.all()) {
        ring.put(key)
        if (key.damaged !== true || damaged.has(key.id)) continue
        damaged.add(key.id)
        app.log.error(
          { key: key.id },
          'the record of a made key cannot be read: the key is refused and its tasks end; the record is left as it is',
        )
      }
    }
    await readAll()
    const taken = app.config.apiKeys.find(({ name }) => ring.of(name) !== null)
    if (taken !== undefined) throw new ConfigError(`API_KEYS: ${taken.name} is the id of a made key: the entry must have another name`)
    app.decorate('readKeys', async () => {
      const before = ring.valid.map(({ id }) => id)
      await readAll()
      app.jobs.limitsChanged()
      const revoked = before.filter((id) => ring.isRevoked(id))
      if (revoked.length === 0) return
      await app.jobs.cancelRevoked()
      for (const id of revoked) app.pool.forgetOwner(id)
    })
    app.decorate('settingsOf', (owner) => settingsOf(ring, app.config, owner))
    app.decorate(
      'keyAdmin',
      new KeyAdmin({
        ring,
        store: app.store.keys,
        otherNames: () => app.config.apiKeys.map(({ name }) => name),
        onChanged: () => app.jobs.limitsChanged(),
        async onRevoked(id) {
          await app.jobs.cancelRevoked()
          app.pool.forgetOwner(id)
        },
      }),
    )
  },
  { name: 'keys', dependencies: ['store'], decorators: { fastify: ['config', 'keyRing'] } },
)
