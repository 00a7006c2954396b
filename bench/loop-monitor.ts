/**
 * Loaded into a server before its program (`--import`): measures how long its event loop does nothing else. Each look has the delays since
 * the last look.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { onLook } from './look.js'

export interface LoopDelays {
  /** in milliseconds, from one run of the monitor's timer to the next: {@link intervalMs} where nothing was late */
  maxMs: number
  p99Ms: number
}

export const intervalMs = 10

onLook(() => {
  const delays = monitorEventLoopDelay({ resolution: intervalMs })
  delays.enable()
  return async (): Promise<LoopDelays> => {
    const seen = { maxMs: delays.max / 1e6, p99Ms: delays.percentile(99) / 1e6 }
    delays.reset()
    return seen
  }
})
