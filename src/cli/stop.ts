/** Ctrl-C and SIGTERM while something goes on that has to be ended first. */
import { type Exit, exits } from './exits.js'

export class Stopped extends Error {
  override readonly name = 'Stopped'

  constructor(readonly exit: Exit) {
    super('stopped')
  }
}

const signals = { SIGINT: exits.interrupted, SIGTERM: exits.terminated, SIGHUP: exits.terminated } as const

/** `work` gets a signal that is aborted with {@link Stopped}. A second one of the user's ends the process at once. */
export async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const listeners = Object.entries(signals).map(([name, exit]) => {
    const listener = () => {
      if (stop.signal.aborted) process.exit(exit)
      stop.abort(new Stopped(exit))
    }
    process.on(name, listener)
    return [name, listener] as const
  })
  try {
    return await work(stop.signal)
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener)
  }
}
