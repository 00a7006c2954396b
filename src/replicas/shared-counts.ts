/** What owners have used of their limits on all servers together. */
import type { RedisConnection } from '../jobs/redis/connection.js'
import { spentFields } from '../jobs/redis/usage.js'
import type { SharedCounts } from '../quotas/quotas.js'

export function sharedCounts(connection: RedisConnection): SharedCounts {
  return {
    async take(kind, owner, amount, perMinute, { whole } = { whole: false }) {
      const [taken, thousandths] = (await connection.run('takeQuota', `${kind}:${owner}`, amount, perMinute, Number(whole))) as [
        number,
        number,
      ]
      return { taken: taken === 1, left: thousandths / 1000 }
    },

    async spent(owner, now) {
      const { day, month } = spentFields(now)
      const [dayNano, monthNano] = await connection.commands.hmget(connection.key(`spent:${owner}`), day, month)
      return { dayNano: Number(dayNano ?? 0), monthNano: Number(monthNano ?? 0) }
    },
  }
}
