/**
 * What is known of the CLI: where it is, its version, whether it can log in, how its last runs went. `/health` reads this; no
 * probe starts a process.
 */
import { statSync } from 'node:fs'
import type { Failure } from '../errors/catalogue.js'
import type { Outcome } from '../jobs/executor.js'
import { type ClaudeBinary, locateBinary, readVersion } from './process/binary.js'
import { credentialFingerprint } from './process/credential-fingerprint.js'
import { type CredentialKind, credentialKind } from './process/environment.js'
import { askLoginStatus } from './process/login-status.js'
import type { StartProbe } from './check/start-probe.js'
import { RecentRuns } from './recent-runs.js'
import { credentialHint, credentialName } from './credential-hint.js'

export interface ClaudeHealth {
  path: string
  version: string | null
  problem: string | null
  claude_authenticated: boolean
  /** which credential, or `none`; `checking` until the CLI has said; `refused` once the model's API has turned it down */
  auth_status: string
  /** what to do about it; null where nothing is to be done */
  hint: string | null
  /** Unix seconds */
  last_success: number | null
  last_failure: { at: number; code: string; message: string | null } | null
}

export interface StatusTiming {
  /** where something is wrong, the CLI is asked again this often */
  recheckMs: number
  /** how long it may take to say its version, and its login */
  askMs: number
  /** after this long without work, for a refusal or for failures in a row, one request is let in that may end it */
  refusedMs: number
}

const defaultTiming: StatusTiming = { recheckMs: 10_000, askMs: 10_000, refusedMs: 60_000 }

export class ClaudeStatus {
  /** Resolves when the first check is over. Never rejects. */
  readonly checked: Promise<void>
  private binary: ClaudeBinary
  private authenticated = false
  private authStatus = 'checking'
  /** what the credential was that the API has refused */
  private refused: { fingerprint: string } | null = null
  private refusals = 0
  private readonly runs = new RecentRuns()
  /** since when no work should come, by `performance.now()` */
  private shutAt = -Infinity
  /** a request is on its way that may end that */
  private trying = false
  /** the file whose version is known */
  private asked = ''
  private lastSuccess: number | null = null
  private lastFailure: { at: number; code: string; message: string; owner: string } | null = null
  private recheck: NodeJS.Timeout | null = null
  private checking = false
  private readonly stopped = new AbortController()
  private checkedOnce!: () => void
  readonly credential: CredentialKind

  constructor(
    private readonly configured: string | undefined,
    private readonly hostEnv: NodeJS.ProcessEnv,
    private readonly env: Record<string, string>,
    private readonly timing: StatusTiming = defaultTiming,
    private readonly startProbe?: Pick<StartProbe, 'look' | 'worked' | 'problem' | 'since'>,
  ) {
    this.credential = credentialKind(hostEnv)
    this.binary = { ...locateBinary(configured), version: null }
    this.checked = new Promise((resolve) => (this.checkedOnce = resolve))
  }

  /** Begins to ask the CLI for its version and its login, and asks again while something is wrong. Waits for neither. */
  start(): void {
    this.check().then(this.checkedOnce, this.checkedOnce)
    this.recheck = setInterval(() => {
      // what is wrong with the CLI is in `health`; it is asked again after another interval
      this.check().catch(() => undefined)
    }, this.timing.recheckMs)
    this.recheck.unref()
  }

  stop(): void {
    if (this.recheck !== null) clearInterval(this.recheck)
    this.stopped.abort()
    this.checkedOnce()
  }

  current(): ClaudeBinary {
    return this.binary
  }

  /** What a process is started from now: another text means another program, or another credential. */
  get origin(): string {
    return `${this.program} ${credentialFingerprint(this.hostEnv)} ${this.refusals}`
  }

  private get program(): string {
    const found = statSync(this.binary.path, { throwIfNoEntry: false })
    return found === undefined ? 'none' : `${found.ino} ${found.mtimeMs} ${found.size}`
  }

  /** Why work should not be sent now; null: it may be. */
  get trouble(): Pick<Failure, 'code' | 'message'> | null {
    if (this.binary.problem !== null) return { code: 'claude_unavailable', message: this.binary.problem }
    if (this.halfOpen) return null
    const failing = this.startProblem ?? this.runs.problem
    if (failing !== null) return { code: 'claude_unavailable', message: failing }
    return this.authenticated ? null : { code: 'claude_not_authenticated', message: this.hint }
  }

  private get startProblem(): string | null {
    const problem = this.startProbe?.problem
    return problem?.of === 'start' ? problem.text : null
  }

  /** The credential was refused, or the last runs or the start probe failed, a while ago, and no request has come since: one may. */
  get halfOpen(): boolean {
    const shut = this.refused !== null || this.runs.problem !== null || this.startProblem !== null
    const since = Math.max(this.shutAt, this.startProblem === null ? -Infinity : this.startProbe!.since)
    return shut && !this.trying && performance.now() - since >= this.timing.refusedMs
  }

  private get hint(): string {
    if (this.authStatus === 'checking') return 'The Claude CLI is being checked.'
    const what = this.refused === null ? 'Not logged in' : `The model's API refused ${credentialName(this.credential)}`
    return `${what}: ${credentialHint(this.credential)}.`
  }

  /** Takes note that a run begins. */
  begin(): void {
    if (this.halfOpen) this.trying = true
  }

  /** Takes note of how a run of that owner's job ended. */
  observe(outcome: Outcome, owner: string, jobId: string): void {
    const at = Math.floor(Date.now() / 1000)
    this.runs.note(outcome, jobId)
    if (outcome.kind === 'finished') {
      this.lastSuccess = at
      this.startProbe?.worked()
      this.refused = null
      this.authenticated = true
      if (['refused', 'none', 'checking'].includes(this.authStatus)) this.authStatus = this.credential
    } else if (outcome.kind === 'failed') {
      const { code, message } = outcome.failure
      this.lastFailure = { at, code, message, owner }
      this.shutAt = performance.now()
      // it may have been removed, or replaced
      if (code === 'claude_unavailable') void this.check().catch(() => undefined)
      if (code === 'upstream_auth') {
        this.refused = { fingerprint: credentialFingerprint(this.hostEnv) }
        this.refusals += 1
        this.authenticated = false
        this.authStatus = 'refused'
      } else if (code === 'claude_not_authenticated') {
        this.authenticated = false
        this.authStatus = 'none'
      }
    }
    this.trying = false
  }

  /** @param owner who asks: the text of a failure may hold what its owner wrote; left out, there is none */
  health(owner?: string): ClaudeHealth {
    return {
      path: this.binary.path,
      version: this.binary.version,
      problem: this.binary.problem ?? this.runs.problem ?? this.startProbe?.problem?.text ?? null,
      claude_authenticated: this.authenticated,
      auth_status: this.authStatus,
      hint: this.authenticated ? null : this.hint,
      last_success: this.lastSuccess,
      last_failure: this.failureFor(owner),
    }
  }

  private failureFor(owner: string | undefined): ClaudeHealth['last_failure'] {
    if (this.lastFailure === null) return null
    const { at, code, message, owner: whose } = this.lastFailure
    return { at, code, message: whose === owner ? message : null }
  }

  /** Looks again at what is wrong. Never rejects. */
  private async check(): Promise<void> {
    if (this.checking) return
    this.checking = true
    try {
      if (this.binary.problem !== null || this.binary.version === null || this.program !== this.asked) await this.checkBinary()
      await this.checkLogin()
      this.startProbe?.look()
    } finally {
      this.checking = false
    }
  }

  private async checkBinary(): Promise<void> {
    const located = locateBinary(this.configured)
    this.asked = this.program
    if (located.problem !== null) this.binary = { ...located, version: null }
    else this.binary = await readVersion(located.path, this.env, this.timing.askMs, this.stopped.signal)
  }

  /**
   * A credential in the environment is taken as it is until the API refuses it; a stored login is the CLI's to know. One that was refused
   * counts again after a run that succeeded, or when it is another one.
   */
  private async checkLogin(): Promise<void> {
    if (this.refused !== null && this.refused.fingerprint === credentialFingerprint(this.hostEnv)) return
    if (this.authenticated) return
    if (this.credential !== 'login') {
      this.authenticated = true
      this.authStatus = this.credential
      return
    }
    if (this.binary.problem !== null) {
      if (this.authStatus === 'checking') this.authStatus = 'unknown'
      return
    }
    const said = await askLoginStatus(this.binary.path, this.env, this.timing.askMs, this.stopped.signal)
    // meanwhile a run may have shown more
    if (this.authenticated || this.stopped.signal.aborted) return
    this.authenticated = said?.loggedIn === true
    this.authStatus = said === null ? 'unknown' : (said.authMethod ?? (this.authenticated ? 'login' : 'none'))
    if (this.authenticated) this.refused = null
  }
}
