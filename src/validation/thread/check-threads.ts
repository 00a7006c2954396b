/** The threads of checks and schemas. */
import { type ThreadLimits, Threads } from '../../threads/threads.js'
import type { Works } from './messages.js'

export type CheckThreads = Threads<Works>

export function openCheckThreads(limits?: Partial<ThreadLimits>): CheckThreads {
  return new Threads<Works>(new URL('./main.js', import.meta.url), limits)
}
