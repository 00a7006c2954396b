/**
 * Loaded into a server before its program (`--import`): measures how long its event loop does nothing else. A client of the
 * socket that `LOOP_MONITOR` names gets the longest delay since the last look, in milliseconds.
 */
import { createServer } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const socket = process.env['LOOP_MONITOR']
if (isMainThread && socket !== undefined) {
  // for this process alone, and not for those that it starts
  delete process.env['LOOP_MONITOR']
  delete process.env['NODE_OPTIONS']
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  createServer((connection) => {
    connection.on('error', () => {})
    connection.end(String(delays.max / 1e6))
    delays.reset()
  })
    .listen(socket)
    .unref()
}
