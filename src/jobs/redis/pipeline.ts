import type { ChainableCommander } from 'ioredis'
import type { RedisConnection } from './connection.js'

/**
 * One answer for each, in their order, in one round. @throws the first error of any, and store_unavailable where Redis is away for too long
 * @param patient waits for Redis as long as it takes
 */
export async function pipelined<T, A = (string | null)[]>(
  connection: RedisConnection,
  items: readonly T[],
  ask: (pipeline: ChainableCommander, item: T) => unknown,
  { patient = false } = {},
): Promise<A[]> {
  if (items.length === 0) return []
  const pipeline = connection.commands.pipeline()
  for (const item of items) ask(pipeline, item)
  const answers = (await (patient ? pipeline.exec() : connection.outage.patiently(pipeline.exec()))) ?? []
  return answers.map(([error, answer]) => {
    if (error !== null) throw error
    return answer as A
  })
}
