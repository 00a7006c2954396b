/**
 * Loaded into a server with `node --import`: on SIGWINCH it writes the longest delay of the event loop since the last time to the file
 * that `LOOP_PROBE_FILE` names, in milliseconds.
 */
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** The histogram's own timer fires within this after the loop is free again. */
const settleMs = 100

const file = process.env['LOOP_PROBE_FILE']
const delays = monitorEventLoopDelay({ resolution: 10 })
delays.enable()
process.on('SIGWINCH', () => {
  setTimeout(() => {
    if (file !== undefined) writeFileSync(file, String(Math.round(delays.max / 1e6)))
    delays.reset()
  }, settleMs)
})
