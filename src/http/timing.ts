/** How long connections wait, in milliseconds: one place, so that a test can have it all happen within a second. */
export interface Timing {
  /** A comment in an event stream this often where nothing else is said (WHATWG HTML advises about 15 s). */
  commentEveryMs: number
  /** How long after the model was asked a stream's headers may wait for its first sign; errors come sooner as a rule. */
  holdMs: number
  /** Silence after which a blocking answer's headers go out; until then a failure still has its own HTTP status. */
  paddingAfterMs: number
  /** White space in front of a blocking answer this often from then on. */
  paddingEveryMs: number
  /** How long a connection may take nothing before its reader is dropped. */
  stallMs: number
}

export const defaultTiming: Timing = {
  commentEveryMs: 15_000,
  holdMs: 2500,
  paddingAfterMs: 45_000,
  paddingEveryMs: 15_000,
  stallMs: 60_000,
}
