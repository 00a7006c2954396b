/** Webhooks that are still to be sent. Each is added by the write that makes it worth sending. */
import type { JobStatus } from '../status.js'
import type { WebhookStore } from '../webhooks.js'
import type { RedisConnection } from './connection.js'

/** One row of what the script gives. */
type Due = [turn: string, due: string, id: string, jobId: string, status: string, url: string, at: string, attempts: string]

export function webhooksOn(connection: RedisConnection): WebhookStore {
  return {
    async due(now, perHost, limit) {
      const rows = (await connection.run('due', now, perHost, limit)) as Due[]
      // each host in its turn, and of those of a turn the longest due first
      return rows
        .sort((a, b) => Number(a[0]) - Number(b[0]) || Number(a[1]) - Number(b[1]))
        .slice(0, limit)
        .map(([, , id, jobId, status, url, at, attempts]) => ({
          ...{ id, jobId, status: status as JobStatus, url },
          ...{ at: Number(at), attempts: Number(attempts) },
        }))
    },

    async nextAt() {
      const [, due] = await connection.commands.zrange(connection.key('webhooks'), 0, '0', 'WITHSCORES')
      return due === undefined ? null : Number(due)
    },

    claim: async (id, ms) => (await connection.commands.set(connection.key(`webhook-sender:${id}`), '1', 'PX', ms, 'NX')) === 'OK',
    postpone: async (id, dueAt) => void (await connection.run('postpone', id, dueAt)),
    remove: async (id) => void (await connection.run('removeWebhook', id)),
  }
}
