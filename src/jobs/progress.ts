import type { Phase } from './events.js'

/** How a job is getting on, from what its run says and never from a timer. */
export interface Progress {
  phase: Phase
  /** milliseconds since the epoch of the last thing the run said, events or not */
  lastSignOfLife: number
  /** characters of answer text so far */
  characters: number
  /** tokens of output so far; null until the run says it */
  outputTokens: number | null
  /** the tool at work, if one is */
  tool: string | null
}

/** Of a job of which nothing is known but when it was made. */
export function untoldProgress(createdAt: number): Progress {
  return { phase: 'queued', lastSignOfLife: createdAt, characters: 0, outputTokens: null, tool: null }
}
