/** What outlives the server: the store, in its data directory, which is this server's alone. */
import fp from 'fastify-plugin'
import { movesFromPlaces } from '../api-keys.js'
import { openSqliteStore } from '../jobs/sqlite/store.js'
import type { JobStore } from '../jobs/store.js'

declare module 'fastify' {
  interface FastifyInstance {
    store: JobStore
  }
}

export default fp(
  async (app) => {
    const { dataDir, apiKeys } = app.config
    const store = await openSqliteStore({
      dataDir,
      owners: {
        moves: movesFromPlaces(apiKeys),
        onMoved: (moved, left) =>
          app.log.warn({ moved, left }, 'records of keys without a name are moved to names made of hashes of the keys'),
      },
      onUnreadable: ({ id, part }) => app.log.error({ task: id, part }, 'the record of a task cannot be read; it is left as it is'),
    })
    app.decorate('store', store)
    app.addHook('onClose', () => store.close())
  },
  { name: 'store', decorators: { fastify: ['config'] } },
)
