/** Made keys, each as JSON. */
import type { KeyStore, MadeKey } from '../keys.js'
import type { Connection } from './connection.js'

export function keysOn(connection: Connection): KeyStore {
  return {
    all: async () =>
      connection
        .sql('SELECT record FROM keys ORDER BY n')
        .all()
        .map(({ record }) => JSON.parse(record as string) as MadeKey),

    async put(key) {
      connection
        .sql('INSERT INTO keys (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record')
        .run(key.id, JSON.stringify(key))
      await connection.synced()
    },
  }
}
