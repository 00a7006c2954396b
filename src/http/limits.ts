/**
 * What connections and requests may cost before it is known whether they are valid. One place, so that a test can have it all happen
 * within a second. Times in milliseconds, sizes in bytes.
 */
import type { JsonLimits } from './json-scan.js'

export interface HttpLimits {
  /** a request's line and headers have to be there within this, counted from the connection or the first byte */
  headersMs: number
  /** a whole request has to be there within this */
  requestMs: number
  /** longest silence in the middle of a body */
  bodySilenceMs: number
  /** how long an unused connection is kept */
  keepAliveMs: number
  /** how often Node looks for requests that are too slow */
  checkEveryMs: number
  /** how long a stranger's connection may neither bring nor take anything */
  strangerSilenceMs: number
  /** open connections */
  connections: number
  /** a request's body */
  bodyBytes: number
  /** the body of a request to a route that wants none */
  smallBodyBytes: number
  /** bodies up to this size are read whatever else is read */
  freeBodyBytes: number
  /** all larger bodies that are read at the same time */
  heldBytes: number
  json: JsonLimits
  /** answers up to this size may wait for their clients to take them, whatever else waits */
  freeAnswerBytes: number
  /** all larger answers that wait so; half of it is for one owner */
  unsentBytes: number
  /** of a request that was refused, what is still taken in and dropped so that its sender reads the answer */
  lingerBytes: number
  lingerMs: number
  /** an answer to a wrong key: the first delay, doubled with each further one, and the longest */
  wrongKeyFirstMs: number
  wrongKeyLongestMs: number
}

export const defaultLimits: HttpLimits = {
  headersMs: 20_000,
  requestMs: 120_000,
  bodySilenceMs: 30_000,
  keepAliveMs: 72_000,
  checkEveryMs: 5_000,
  strangerSilenceMs: 30_000,
  connections: 2000,
  bodyBytes: 64 * 1024 * 1024,
  smallBodyBytes: 1024 * 1024,
  freeBodyBytes: 256 * 1024,
  heldBytes: 256 * 1024 * 1024,
  json: { depth: 500, values: 300_000, members: 20_000, names: 20_000 },
  freeAnswerBytes: 256 * 1024,
  unsentBytes: 256 * 1024 * 1024,
  lingerBytes: 4 * 1024 * 1024,
  lingerMs: 2000,
  wrongKeyFirstMs: 100,
  wrongKeyLongestMs: 10_000,
}
