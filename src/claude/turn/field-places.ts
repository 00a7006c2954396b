/**
 * Where each field of a request acts on a CLI process. The launch profile, the key of reuse and the settings of a turn are made
 * from this table: a function that takes `Pick<ClaudeRequest, FieldsAt<…>>` can read no field that acts elsewhere.
 */
import type { ClaudeRequest } from '../../request/conversation.js'

export type Place =
  /** in the arguments: a process with other ones is another launch profile */
  | 'launch'
  /** whose the process is */
  | 'owner'
  /** told to a process once, so that another one is another kind of process */
  | 'once per process'
  /** told before each question that has another one, where the CLI takes it; that there is one at all cannot be taken away */
  | 'prompt'
  /** set before each turn that differs from the last one, and cleared where the turn has none */
  | 'each turn'
  /** said: the conversation itself */
  | 'said'
  /** nothing that a process is told */
  | 'outside'

export type FieldPlaces = Record<keyof ClaudeRequest, readonly Place[]>

export const fieldPlaces = {
  kind: ['outside'],
  // which job asked for this one; its MCP servers are told
  depth: ['outside'],
  person: ['owner'],
  // whether the CLI may ask again, which the reader of a turn decides
  clientRetries: ['outside'],
  // what another API repeats of its request
  response: ['outside'],
  model: ['launch'],
  // `none` is the level `low` without thinking, which is switched before each turn
  effort: ['launch', 'each turn'],
  // the file tools are arguments; a process with servers or a folder of files serves its own job only
  inside: ['launch', 'once per process'],
  // that there is a schema decides which processes may be taken; the schema itself only the first `initialize` sets
  output: ['launch', 'once per process'],
  system: ['prompt'],
  // a second list would mix with the first
  tools: ['once per process'],
  maxTokens: ['each turn'],
  stop: ['each turn'],
  toolChoice: ['each turn'],
  parallelToolCalls: ['each turn'],
  sampling: ['each turn'],
  turns: ['said'],
} as const satisfies FieldPlaces

type Table = typeof fieldPlaces

/** The fields that act at one of the places. */
export type FieldsAt<P extends Place> = { [F in keyof Table]: Extract<Table[F][number], P> extends never ? never : F }[keyof Table]

/** In the order of the table. */
export function fieldsAt<P extends Place>(place: P): FieldsAt<P>[] {
  const places: FieldPlaces = fieldPlaces
  return (Object.keys(fieldPlaces) as (keyof ClaudeRequest)[]).filter((field) => places[field].includes(place)) as FieldsAt<P>[]
}
