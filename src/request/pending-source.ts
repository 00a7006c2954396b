/** What a request brings that has to compile before the request can be taken. */
import type { BridgeError } from '../errors/catalogue.js'

/** What can be compiled: a schema of `response_format`, a schema of a check, or a pattern of one. */
export type Source = { what: 'output' | 'schema'; schema: Record<string, unknown> } | { what: 'pattern'; pattern: string }

export interface PendingSource {
  source: Source
  /** the request's error, from what is wrong with the source */
  refuse: (why: string) => BridgeError
}
