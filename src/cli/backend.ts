/** What the commands ask of a running server, or of its store where none runs. */
import type { z } from 'zod'
import type { deletedKeySchema, issuedKeySchema, keyListSchema, newKeySchema } from '../keys/bodies.js'
import type { Task, TaskList } from '../openai/out/response-schemas.js'
import type { UsageList } from '../spending/usage-list.js'

export type NewKeyBody = z.infer<typeof newKeySchema>
export type IssuedKey = z.infer<typeof issuedKeySchema>
export type KeyList = z.infer<typeof keyListSchema>
export type DeletedKey = z.infer<typeof deletedKeySchema>

export interface TaskQuery {
  status?: string
  model?: string
  limit: number
  after?: string
}

export interface UsageAsk {
  /** as `group_by` of `GET /usage` */
  by: string
  /** seconds since 1970 */
  from?: number
  to?: number
}

/** Every call throws CommandError or BridgeError. */
export interface Backend {
  tasks(query: TaskQuery): Promise<TaskList>
  task(id: string): Promise<Task>
  usage(ask: UsageAsk): Promise<UsageList>
  keys(query: { limit: number; after?: string }): Promise<KeyList>
  makeKey(body: NewKeyBody): Promise<IssuedKey>
  rotateKey(id: string, graceS: number): Promise<IssuedKey>
  revokeKey(id: string): Promise<DeletedKey>
}
