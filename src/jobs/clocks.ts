/** The limits of a job's time: of the whole, and of its silence. */
import type { Failure } from '../errors/catalogue.js'
import type { LiveJob } from './live-job.js'

/** Starts them; `live.stopTimers` stops them. `expire` is called once at most, with what the job ends with. */
export function startClocks(live: LiveJob, idleTimeoutS: number, expire: (failure: Failure) => void): void {
  const { timeoutS } = live.job
  const over = (message: string) => expire({ code: 'timeout', message })
  const whole = setTimeout(() => over(`The job took longer than its limit of ${timeoutS} s.`), timeoutS * 1000)
  const idleMs = idleTimeoutS * 1000
  let silence: NodeJS.Timeout
  const listen = (ms: number) => {
    silence = setTimeout(() => {
      // choices that wait for a slot are not silent
      const silentMs = live.active <= 0 ? 0 : live.now() - live.progress.lastSignOfLife
      if (silentMs < idleMs) listen(idleMs - silentMs)
      else over(`Nothing was heard of the run for ${idleTimeoutS} s.`)
    }, ms)
  }
  listen(idleMs)
  live.stopTimers = () => {
    clearTimeout(whole)
    clearTimeout(silence)
  }
}
