/**
 * A server that `npx` has started ends with it. npm hands a signal to the shell between the two, which ends without handing it on, so that the
 * server would live on with nothing above it.
 */

const everyMs = 250

/** Calls `onGone` once when the process above this one has gone, where npm runs the command (`npm exec`); anything else that starts a server may leave it. */
export function endWithNpx(env: NodeJS.ProcessEnv, onGone: () => void): void {
  if (env['npm_command'] !== 'exec') return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onGone()
  }, everyMs)
  timer.unref()
}
