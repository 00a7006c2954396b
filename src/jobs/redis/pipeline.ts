import type { ChainableCommander } from 'ioredis'
import type { RedisConnection } from './connection.js'

/** One answer for each, in their order, in one round. @throws the first error of any */
export async function pipelined<T, A = (string | null)[]>(
  connection: RedisConnection,
  items: readonly T[],
  ask: (pipeline: ChainableCommander, item: T) => unknown,
): Promise<A[]> {
  if (items.length === 0) return []
  const pipeline = connection.commands.pipeline()
  for (const item of items) ask(pipeline, item)
  const answers = (await pipeline.exec()) ?? []
  return answers.map(([error, answer]) => {
    if (error !== null) throw error
    return answer as A
  })
}
