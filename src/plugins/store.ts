/** What outlives the server: the store. The data directory is this server's alone, also where the jobs are kept elsewhere. */
import fp from 'fastify-plugin'
import { movesFromPlaces } from '../api-keys.js'
import { ConfigError } from '../errors/config-error.js'
import { RedisConnection } from '../jobs/redis/connection.js'
import { beingFilledFrom } from '../jobs/redis/fill.js'
import { redisStoreOn } from '../jobs/redis/store.js'
import { lockDataDir, openSqliteStore } from '../jobs/sqlite/store.js'
import type { JobStore } from '../jobs/store.js'
import type { UnreadableRecord } from '../jobs/unreadable.js'

declare module 'fastify' {
  interface FastifyInstance {
    store: JobStore
    /** what several servers share; null: this one is alone */
    redis: RedisConnection | null
  }
}

export default fp(
  async (app) => {
    const { dataDir, storeUrl, apiKeys } = app.config
    const onUnreadable = ({ id, part }: UnreadableRecord) =>
      app.log.error({ task: id, part }, 'the record of a task cannot be read; it is left as it is')
    if (storeUrl === undefined) {
      const store = await openSqliteStore({
        dataDir,
        owners: {
          moves: movesFromPlaces(apiKeys),
          onMoved: (moved, left) =>
            app.log.warn({ moved, left }, 'records of keys without a name are moved to names made of hashes of the keys'),
        },
        onUnreadable,
      })
      app.decorate('store', store)
      app.decorate('redis', null)
      app.addHook('onClose', () => store.close())
      return
    }
    const lock = await lockDataDir(dataDir)
    app.addHook('onClose', () => lock.release())
    const redis = await RedisConnection.open({ url: storeUrl, onTrouble: (message) => app.log.warn(message) }).catch((error: Error) => {
      // what Redis is not, or why it cannot be reached, is the operator's to mend: one line
      throw new ConfigError(`STORE_URL: ${error.message}`)
    })
    if ((await beingFilledFrom(redis)) !== null) {
      await redis.close()
      throw new ConfigError('STORE_URL: a move of jobs to it has not come to its end: run move-to-redis again')
    }
    for (const warning of redis.warnings) app.log.warn(`STORE_URL: ${warning}`)
    const store = redisStoreOn(redis, onUnreadable)
    app.decorate('store', store)
    app.decorate('redis', redis)
    app.addHook('onClose', () => store.close())
  },
  { name: 'store', decorators: { fastify: ['config'] } },
)
