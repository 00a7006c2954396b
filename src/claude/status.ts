/**
 * What is known of the CLI: where it is, its version, whether it can log in, how its last runs went. `/health` reads this; no
 * probe starts a process.
 */
import { execa } from 'execa'
import type { Outcome } from '../jobs/executor.js'
import { type ClaudeBinary, locateBinary, readVersion } from './binary.js'
import { type CredentialKind, credentialKind } from './environment.js'
import { loginHint } from './failure.js'

export interface ClaudeHealth {
  path: string
  version: string | null
  problem: string | null
  claude_authenticated: boolean
  /** which credential, or `none`; `refused` once the model's API has turned it down */
  auth_status: string
  /** what to do about it; null where nothing is to be done */
  hint: string | null
  /** Unix seconds */
  last_success: number | null
  last_failure: { at: number; code: string; message: string | null } | null
}

/** While nobody is logged in, the CLI is asked again this often. */
const recheckMs = 60_000

export class ClaudeStatus {
  private binary: ClaudeBinary
  private authenticated = false
  private authStatus = 'unknown'
  private lastSuccess: number | null = null
  private lastFailure: { at: number; code: string; message: string; owner: string } | null = null
  private recheck: NodeJS.Timeout | null = null
  readonly credential: CredentialKind

  constructor(
    configured: string | undefined,
    hostEnv: NodeJS.ProcessEnv,
    private readonly env: Record<string, string>,
  ) {
    this.credential = credentialKind(hostEnv)
    this.binary = { ...locateBinary(configured), version: null }
  }

  /** Asks the CLI for its version and its login, once, at start. Never rejects. */
  async start(): Promise<void> {
    if (this.binary.problem === null) this.binary = await readVersion(this.binary.path, this.env)
    await this.checkLogin()
    this.recheck = setInterval(() => void (this.authenticated ? null : this.checkLogin()), recheckMs)
    this.recheck.unref()
  }

  stop(): void {
    if (this.recheck !== null) clearInterval(this.recheck)
  }

  current(): ClaudeBinary {
    return this.binary
  }

  /** Takes note of how a run of that owner ended. */
  observe(outcome: Outcome, owner: string): void {
    const at = Math.floor(Date.now() / 1000)
    if (outcome.kind === 'finished') {
      this.lastSuccess = at
      this.authenticated = true
      if (this.authStatus === 'refused' || this.authStatus === 'none') this.authStatus = this.credential
    } else if (outcome.kind === 'failed') {
      const { code, message } = outcome.failure
      this.lastFailure = { at, code, message, owner }
      if (code === 'upstream_auth') {
        this.authenticated = false
        this.authStatus = 'refused'
      } else if (code === 'claude_not_authenticated') {
        this.authenticated = false
        this.authStatus = 'none'
      }
    }
  }

  /** @param owner who asks: the text of a failure may hold what its owner wrote; left out, there is none */
  health(owner?: string): ClaudeHealth {
    return {
      path: this.binary.path,
      version: this.binary.version,
      problem: this.binary.problem,
      claude_authenticated: this.authenticated,
      auth_status: this.authStatus,
      hint: this.authenticated ? null : `Not logged in: ${loginHint}.`,
      last_success: this.lastSuccess,
      last_failure: this.failureFor(owner),
    }
  }

  private failureFor(owner: string | undefined): ClaudeHealth['last_failure'] {
    if (this.lastFailure === null) return null
    const { at, code, message, owner: whose } = this.lastFailure
    return { at, code, message: whose === owner ? message : null }
  }

  /** A credential in the environment is taken as it is until the API refuses it; a stored login is the CLI's to know. */
  private async checkLogin(): Promise<void> {
    if (this.credential !== 'login') {
      if (this.authStatus === 'refused') return
      this.authenticated = true
      this.authStatus = this.credential
      return
    }
    if (this.binary.problem !== null) return
    const result = await execa(this.binary.path, ['auth', 'status', '--json'], {
      env: this.env,
      extendEnv: false,
      reject: false,
      timeout: 10_000,
      stdin: 'ignore',
    })
    try {
      const said = JSON.parse(result.stdout) as { loggedIn?: boolean; authMethod?: string }
      this.authenticated = said.loggedIn === true
      this.authStatus = said.authMethod ?? (this.authenticated ? 'login' : 'none')
    } catch {
      this.authenticated = false
      this.authStatus = 'unknown'
    }
  }
}
