/**
 * Ends the process in order at a signal: `close` is called once, and the process ends with code 0 when it is through.
 *
 * A signal to a process group comes twice, from the terminal and from the parent, so signals within a second count as one; a later one
 * ends the process at once. SIGHUP ends it where its terminal was closed, and else has a meaning of its own. An error that nothing has caught ends it in order as well, with code 1.
 */
import { closeSync, openSync } from 'node:fs'

export interface ShutdownOptions {
  /** the whole end may take this long, in milliseconds; then the process ends with code 1 */
  limitMs: number
  /** `cause`: the signal's name, or the error */
  close: (cause: string | { error: unknown }) => Promise<void>
  /** what did not go as it should */
  onTrouble: (message: string, error?: unknown) => void
  /** SIGHUP, where no terminal was closed */
  onHangUp: () => void
}

const signals = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const
const sameMs = 1000

/** Whether this process can be reached from a terminal that is open. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}

/** Returns what begins the end as a signal would, unless it has begun. */
export function endInOrder({ limitMs, close, onTrouble, onHangUp }: ShutdownOptions): (cause: string) => void {
  let firstAt: number | null = null
  let code = 0

  const end = (cause: string | { error: unknown }) => {
    firstAt = performance.now()
    if (typeof cause !== 'string') code = 1
    setTimeout(() => {
      onTrouble(`the end took longer than ${limitMs / 1000} s`)
      process.exit(1)
    }, limitMs).unref()
    close(cause)
      .catch((error: unknown) => {
        onTrouble('the end failed', error)
        code = 1
      })
      .finally(() => process.exit(code))
  }

  const signalled = (signal: string) => {
    if (firstAt === null) return end(signal)
    if (performance.now() - firstAt < sameMs) return
    onTrouble(`${signal} again: the end does not wait`)
    process.exit(1)
  }
  for (const signal of signals) process.on(signal, () => signalled(signal))
  const hadTerminal = hasTerminal()
  process.on('SIGHUP', () => {
    // a terminal that is closed takes with it what was started in it
    if (hadTerminal && !hasTerminal()) signalled('SIGHUP')
    else if (firstAt === null) onHangUp()
  })
  process.on('uncaughtException', (error: unknown) => {
    if (firstAt === null) return end({ error })
    onTrouble('an error during the end', error)
    code = 1
  })
  return (cause) => {
    if (firstAt === null) end(cause)
  }
}
