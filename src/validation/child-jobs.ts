/** How validators ask a model: child jobs, through a function that is given to them, within a budget that is carried down. */
import type { Failure } from '../errors/catalogue.js'
import { ValidatorFailed } from './validator-failed.js'

/** What a tree of jobs may still use. */
export interface Budget {
  /** levels of child jobs below this one; 0: it may start none */
  depth: number
  /** child jobs, those of children included */
  calls: number
  /** milliseconds of `performance.now()` */
  deadline: number
  /** US dollars */
  costUsd: number
}

/** Tools the child may use, in the request's own words; the policy for them is the asker's business. */
export interface ChildTools {
  mcp_config?: Record<string, unknown>
  mcp_servers?: string[]
  allowed_tools?: string[]
}

export interface ChildJob {
  /** as in a request; absent: the asker's choice */
  model?: string
  system: string
  prompt: string
  /** JSON Schema of the value that is wanted */
  outputSchema: Record<string, unknown>
  tools?: ChildTools
  /** what the child itself may use */
  budget: Budget
}

export interface Spent {
  costUsd: number
  /** child jobs that the child started in its turn */
  calls: number
}

export type ChildAnswer = { ok: true; value: unknown; spent?: Partial<Spent> } | { ok: false; failure: Failure; spent?: Partial<Spent> }

export type Ask = (child: ChildJob) => Promise<ChildAnswer>

/** The one owner of a budget: every child job of a run of checks goes through it, and `budget` shows what is left. */
export class ChildJobs {
  constructor(
    private readonly askModel: Ask,
    private left: Budget,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get budget(): Budget {
    return { ...this.left }
  }

  /**
   * The value a model gave. Counted before it is asked, so that two at once cannot both take the last call.
   * @throws ValidatorFailed if nothing is left or the child fails
   */
  async ask(child: Omit<ChildJob, 'budget'>): Promise<unknown> {
    const none = this.exhausted()
    if (none !== undefined) throw new ValidatorFailed({ code: none.code, message: `No child job was started: ${none.why}.` })
    this.left.calls -= 1
    const answer = await this.askModel({ ...child, budget: { ...this.left, depth: this.left.depth - 1 } })
    this.left.calls = Math.max(0, this.left.calls - (answer.spent?.calls ?? 0))
    this.left.costUsd = Math.max(0, this.left.costUsd - (answer.spent?.costUsd ?? 0))
    if (!answer.ok) throw new ValidatorFailed(answer.failure)
    return answer.value
  }

  private exhausted(): { code: 'timeout' | 'invalid_request'; why: string } | undefined {
    if (this.left.depth <= 0) return { code: 'invalid_request', why: 'jobs may not start child jobs at this depth' }
    if (this.left.calls <= 0) return { code: 'invalid_request', why: 'no calls are left for validators' }
    if (this.left.costUsd <= 0) return { code: 'invalid_request', why: 'the cost allowed for validators is used up' }
    if (this.now() >= this.left.deadline) return { code: 'timeout', why: 'its time is over' }
    return undefined
  }
}
