/** Made keys, each as JSON. Each change raises `keys:version`. */
import { keyOfRecord } from '../key-record.js'
import type { KeyStore } from '../keys.js'
import type { RedisConnection } from './connection.js'

export function keysOn(connection: RedisConnection): KeyStore {
  return {
    async all() {
      const [order, records] = await Promise.all([
        connection.commands.lrange(connection.key('keys:order'), 0, -1),
        connection.commands.hgetall(connection.key('keys')),
      ])
      return order.map((id) => keyOfRecord(id, records[id]))
    },
    put: async (key) => void (await connection.run('putKey', key.id, JSON.stringify(key))),
  }
}
