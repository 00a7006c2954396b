/**
 * The start probe: one process, started as a job starts its own and with the same home, takes a question with functions and calls one. It
 * tells what no setting tells: an administrator's rules for the CLI, a program that cannot be run, a flag that is gone.
 */
import { statSync } from 'node:fs'
import type { BackgroundOptions } from './background.js'
import { toolsIn } from './bodies.js'
import { LimitReached } from './budget.js'
import { type CheckOptions, otherCloudIn, withBench } from './check.js'
import { quietTurn } from './quiet.js'
import { calledTool, markerOfTools, toolLoop, toolsWork } from './tool-probes.js'

export interface StartProblem {
  /** with the last words of the process's stderr, where it ended */
  text: string
  /** `start`: no question is answered; `functions`: those with functions of the client's are not */
  of: 'start' | 'functions'
}

const notOffered = "the client's functions do not reach the model: an administrator's settings for Claude Code may deny them"

/** Resolves with what is wrong; null where nothing is. @throws LimitReached where that could not be found out, and what `withBench` throws */
export function probeStart(options: CheckOptions): Promise<StartProblem | null> {
  return withBench(options, 'own', async (bench) => {
    try {
      const [first] = (await toolLoop(bench)).asked.calls
      if (!toolsIn(first!).has(calledTool)) return { text: notOffered, of: 'functions' }
      await toolsWork(bench)
      return null
    } catch (error) {
      // a machine that is too busy says nothing of the CLI
      if (error instanceof LimitReached || options.signal.aborted) throw error
      const text = error instanceof Error ? error.message : String(error)
      const answered = bench.recorder.callsOf(markerOfTools).length > 0
      return answered
        ? { text: `functions do not work: ${text}`, of: 'functions' }
        : { text: `the start probe failed: ${text}`, of: 'start' }
    }
  })
}

export interface StartProbeOptions extends Omit<BackgroundOptions, 'onVerdict' | 'check'> {
  /** told of each probe's result; `error`: why there is none */
  onResult(problem: StartProblem | null, error?: unknown): void
  /** left out: the real one */
  probe?: typeof probeStart
  /** milliseconds after which one that found a problem, or nothing, is made again; left out: a minute */
  againMs?: number
}

const againMs = 60_000

/** Makes the probe once for each binary, when no job wants the CPU, and again while it finds a problem. */
export class StartProbe {
  private found: StartProblem | null = null
  private foundAt = -Infinity
  /** the file that was probed last, and when by `performance.now()`; `settled`: it is not to be probed again */
  private last: { file: string; at: number; settled: boolean } | null = null
  private running: Promise<void> | null = null
  /** the file that a job's run has succeeded with */
  private works: string | null = null
  private readonly stop = new AbortController()

  constructor(private readonly options: StartProbeOptions) {}

  get problem(): StartProblem | null {
    return this.found
  }

  /** Since when there is one, by `performance.now()`. */
  get since(): number {
    return this.foundAt
  }

  /** A run of a job has succeeded: a process of this file starts, whatever a probe has found or will find. */
  worked(): void {
    this.works = this.file()
    if (this.found?.of !== 'start') return
    this.found = null
    if (this.last !== null) this.last.settled = true
  }

  /** Begins a probe where one is due. */
  look(): void {
    const { path, version } = this.options.binary()
    const file = this.file()
    if (file === null || version === null || this.running !== null || this.stop.signal.aborted) return
    // another cloud does not take the address of the recorder
    if (otherCloudIn(this.options.env) !== undefined) return
    const wait = this.options.againMs ?? againMs
    if (this.last?.file === file && (this.last.settled || performance.now() - this.last.at < wait)) return
    this.running = this.run(file, path, version).finally(() => (this.running = null))
  }

  /** Ends a probe that runs. Resolves when its process and its folder are gone. */
  async close(): Promise<void> {
    this.stop.abort(new Error('the server stops'))
    await this.running
  }

  /** Null where there is none that could be started. */
  private file(): string | null {
    const { path, problem } = this.options.binary()
    const stat = problem === null ? statSync(path, { throwIfNoEntry: false }) : undefined
    return stat === undefined ? null : `${path} ${stat.ino} ${stat.mtimeMs} ${stat.size}`
  }

  /** Never rejects. */
  private async run(file: string, binary: string, version: string): Promise<void> {
    const { signal } = this.stop
    const { credential, env, workspaceRoot, probe = probeStart } = this.options
    const turn = () => quietTurn(() => this.options.quiet(), signal)
    try {
      await turn()
      const found = await probe({ binary, version, env, credential, workspaceRoot, signal, turn })
      // an administrator's settings may have led the probe elsewhere
      const overruled = found?.of === 'start' && this.works === file
      if (this.found === null) this.foundAt = performance.now()
      this.found = overruled ? null : found
      this.last = { file, at: performance.now(), settled: this.found === null }
      if (overruled) this.options.onResult(null, new Error(`jobs are answered, and the probe was not: ${found.text}`))
      else this.options.onResult(found)
    } catch (error) {
      this.last = { file, at: performance.now(), settled: false }
      if (!signal.aborted) this.options.onResult(null, error)
    }
  }
}
