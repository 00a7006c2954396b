/** Made keys, each as JSON. */
import { keyOfRecord } from '../key-record.js'
import type { KeyStore } from '../keys.js'
import type { Connection } from './connection.js'

export function keysOn(connection: Connection): KeyStore {
  return {
    all: async () =>
      connection
        .sql('SELECT id, record FROM keys ORDER BY n')
        .all()
        .map(({ id, record }) => keyOfRecord(String(id), record)),

    async put(key) {
      connection
        .sql('INSERT INTO keys (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record')
        .run(key.id, JSON.stringify(key))
      await connection.synced()
    },
  }
}
