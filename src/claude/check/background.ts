/**
 * The check of a binary whose verdict does not ship: while the server runs, one step at a time, when no job wants the CPU. Until it has
 * passed, no process is reused in the ways that it checks.
 */
import { statSync } from 'node:fs'
import type { CredentialKind } from '../process/environment.js'
import { type CheckOptions, type CheckedVerdict, checkCli, otherCloudIn } from './check.js'
import { verdictFor } from './known.js'
import { quietTurn } from './quiet.js'
import { type Abilities, type Verdict, abilitiesOf, checkedAs, noAbilities } from './verdict.js'

export interface BackgroundOptions {
  /** the CLI that new processes are started from; `problem`: why there is none */
  binary(): { path: string; version: string | null; problem: string | null }
  credential: CredentialKind
  /** see `baseEnvironment` */
  env: Readonly<Record<string, string>>
  /** see `openWorkspaceRoot` */
  workspaceRoot: string
  /** whether a step of the check would delay no job now */
  quiet(): boolean
  /** told of each verdict of a check here; `null`: it could not be made, for this reason */
  onVerdict?(verdict: CheckedVerdict | null, error?: unknown): void
  /** left out: the real one */
  check?: (options: CheckOptions) => Promise<CheckedVerdict>
}

export class CliCheck {
  /** by version, size and credential; null: being checked, or it could not be */
  private readonly verdicts = new Map<string, Verdict | null>()
  private readonly stop = new AbortController()
  private running: Promise<void> = Promise.resolve()

  constructor(private readonly options: BackgroundOptions) {}

  /** What may be done with processes of the present binary. Asks for the check of one that is not known. */
  abilities(): Abilities {
    const verdict = this.verdict()
    return verdict === null ? noAbilities : abilitiesOf(verdict)
  }

  /** The verdict of the present binary; null: there is none yet, or no check can be made. */
  verdict(): Verdict | null {
    const { path, version, problem } = this.options.binary()
    const size = problem === null ? statSync(path, { throwIfNoEntry: false })?.size : undefined
    // a binary that has not said its version yet is asked for it first
    if (size === undefined || version === null) return null
    const credential = checkedAs(this.options.credential)
    const key = `${version} ${size} ${credential}`
    // what was seen with the API of Anthropic says nothing of another cloud
    if (otherCloudIn(this.options.env) !== undefined) return null
    const known = this.verdicts.get(key) ?? verdictFor(version, size, credential)
    if (known !== undefined) return known
    if (!this.verdicts.has(key) && !this.stop.signal.aborted) {
      this.verdicts.set(key, null)
      // one binary after the other
      this.running = this.running.then(() => this.run(key, path, version))
    }
    return null
  }

  /** Ends a check that runs. Resolves when its process and its folder are gone. */
  async close(): Promise<void> {
    this.stop.abort(new Error('the server stops'))
    await this.running
  }

  /** Never rejects. */
  private async run(key: string, binary: string, version: string): Promise<void> {
    const { signal } = this.stop
    const { credential, env, workspaceRoot, check = checkCli } = this.options
    const turn = () => quietTurn(() => this.options.quiet(), signal)
    try {
      await turn()
      const verdict = await check({ binary, version, env, credential, workspaceRoot, signal, turn })
      if (signal.aborted) return
      if (`${verdict.version} ${verdict.size} ${verdict.credential}` === key) this.verdicts.set(key, verdict)
      this.options.onVerdict?.(verdict)
    } catch (error) {
      if (!signal.aborted) this.options.onVerdict?.(null, error)
    }
  }
}
