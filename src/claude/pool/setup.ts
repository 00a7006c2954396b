/** What the processes of a server need to know beside how one is started. */
import type { Abilities } from '../check/verdict.js'
import type { LaunchSetup } from '../process/launcher.js'

export interface SessionsSetup extends LaunchSetup {
  /** told of each process that could not be made ready */
  onStartFailure?(cause: string): void
  /** processes kept started; left out: none, neither before nor after an answer */
  warm?: WarmSizes
  /** processes at the same time, whatever they do, at least as many as there are places; left out: what `warm` and the places allow */
  maxProcesses?: number
  /** What a process is started from: another text means that one that was started before is not asked again. Left out: nothing changes. */
  origin?(): string
  /** What was found out about the CLI by its check; left out: nothing that needs one is done. */
  abilities?(): Abilities
  /** Whether several people may be behind an owner's name: their questions share no process. */
  isShared?(owner: string): boolean
}

export interface WarmSizes {
  perProfile: number
  /** ready processes in all */
  total: number
  /** processes that have answered and wait for another question; 0: none does, and each process answers one run */
  parked: number
  /** milliseconds after which a process that is not asked is ended */
  idleMs: number
}
