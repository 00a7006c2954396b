/** What the probes of one check share: how processes are started, the recorder, the limits, and exchanges that several probes look at. */
import type { LaunchSetup } from '../process/launcher.js'
import type { Answer } from './answers.js'
import type { Budget } from './budget.js'
import type { Recorder } from './recorder.js'

/** A question: its words, which hold the marker, and what the recorder answers. */
export interface Question {
  marker: string
  text: string
  /** left out: one text */
  answers?: readonly Answer[]
}

export class Bench {
  private readonly shared = new Map<string, Promise<unknown>>()

  constructor(
    readonly setup: LaunchSetup,
    readonly version: string | null,
    readonly recorder: Recorder,
    readonly budget: Budget,
    /** stands in files that no process may read or send */
    readonly canary: { text: string; file: string },
  ) {}

  script({ marker, answers = [{ text: `the answer to ${marker}` }] }: Question): void {
    this.recorder.script(marker, answers)
  }

  /** The exchange of that name, which is had once. Rejects for every probe alike where it fails. */
  once<T>(name: string, have: (bench: Bench) => Promise<T>): Promise<T> {
    const had = this.shared.get(name)
    if (had !== undefined) return had as Promise<T>
    const exchange = have(this)
    this.shared.set(name, exchange)
    return exchange
  }
}
