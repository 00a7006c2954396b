/** What reached the stand-in: one record per HTTP request, in order of arrival. */
import type { IncomingHttpHeaders } from 'node:http'
import type { MessagesRequest } from './request.js'

export interface RecordedRequest {
  /** ISO 8601 time of arrival */
  at: string
  method: string
  /** without the query */
  path: string
  /** with the leading `?`, or empty */
  query: string
  headers: IncomingHttpHeaders
  /** the parsed JSON body; `{}` where there was none or where it was no JSON object */
  body: MessagesRequest
  /** length of the body on the wire */
  bytes: number
  /** the client went away before the response was complete; never true for an ending that the script asked for */
  closed: boolean
  /** content deltas written so far (streaming answers only) */
  deltas: number
  /** HTTP status of the answer; undefined while there is none */
  status: number | undefined
  /** milliseconds since the epoch, with fractions */
  startedAt: number
  /** undefined while the exchange is open */
  endedAt: number | undefined
  /** resolves when the exchange is over, however it ended */
  ended: Promise<void>
}

export const now = () => performance.timeOrigin + performance.now()
