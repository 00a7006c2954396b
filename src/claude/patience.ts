import { within } from '../within.js'

/**
 * Calls `late` after a while, unless what it returns is called before. A server that was too busy to read what has come reads it first.
 */
export function unlessCalled(ms: number, late: () => void): () => void {
  let called = false
  const timer = setTimeout(() => {
    setImmediate(() => {
      if (!called) late()
    })
  }, ms)
  return () => {
    called = true
    clearTimeout(timer)
  }
}

/** Resolves when the promise does, when it takes too long, or when the run is aborted. */
export function withinOrAborted(promise: Promise<void>, ms: number, signal: AbortSignal): Promise<unknown> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  // it goes on either way: what is wrong with the CLI shows at the launch
  return within(Promise.race([promise, aborted]), ms, 'the check of the CLI takes long').catch(() => {})
}
