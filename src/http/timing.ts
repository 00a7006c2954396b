/**
 * How long connections wait, in milliseconds, and how far a reader may lag: one place, so that a test can have it all happen within a
 * second.
 */
export interface Timing {
  /** A comment in an event stream this often where nothing else is said (WHATWG HTML advises about 15 s). */
  commentEveryMs: number
  /** How long after the API's 200 a stream's headers wait for the first piece of the answer, which may be an error. */
  firstPieceMs: number
  /** Silence after which a blocking answer's headers go out; until then a failure still has its own HTTP status. */
  paddingAfterMs: number
  /** White space in front of a blocking answer this often from then on. */
  paddingEveryMs: number
  /** Silence of a job after which an MCP client that waits for it is told of its progress again. */
  signOfLifeMs: number
  /** How long a connection may take nothing before its reader is dropped (`WRITE_TIMEOUT_S`). */
  stallMs: number
  /** Bytes that a job may say while a stream's reader takes nothing, before that reader is dropped (`READER_LAG_MB`). */
  lagBytes: number
}

export const defaultTiming: Timing = {
  commentEveryMs: 15_000,
  firstPieceMs: 250,
  paddingAfterMs: 45_000,
  paddingEveryMs: 15_000,
  signOfLifeMs: 60_000,
  stallMs: 60_000,
  lagBytes: 8 * 1024 * 1024,
}
