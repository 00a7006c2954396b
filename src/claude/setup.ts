/** What the executor of the Claude CLI needs to know of its server. */
import type { Outcome } from '../jobs/executor.js'
import type { Limiter } from '../limiter.js'
import type { SessionsSetup } from './pool/setup.js'
import type { CredentialKind } from './process/environment.js'
import type { Subscription } from './subscription.js'
import type { InsideSetup } from './turn/inside.js'

export interface ClaudeSetup extends SessionsSetup {
  credential: CredentialKind
  /** told of every run's outcome, for `/health` */
  observe(outcome: Outcome, owner: string, jobId: string): void
  /** What is wrong with an answer by `response_format`'s schema, or null. Never rejects. Left out: no such answer is accepted. */
  outputProblem?: (schema: Record<string, unknown>, value: unknown, by: { owner: string; signal: AbortSignal }) => Promise<string | null>
  /** what runs need that may use MCP servers and file tools; left out: none may */
  inside?: InsideSetup
  /** what is known of the subscription behind the login; left out: it is not looked at */
  subscription?: Subscription
  /** the places of its runs; left out: as many as there are runs */
  places?: Limiter
  /** Called when a run begins. */
  begin?(): void
  /** Resolves when it is known whether there is a CLI that works; left out: it is known */
  checked?: Promise<void>
  /** milliseconds until a process has to show its first sign of life; left out: a minute */
  startLimitMs?: number
  /** milliseconds until one that was there before has to take what comes before a question; left out: five seconds */
  frozenLimitMs?: number
}
