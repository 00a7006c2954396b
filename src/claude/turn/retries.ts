/** What a turn keeps of the refusals of the API: the CLI asks again by itself, and says so (`api_retry`). */
import { amountIn, objectIn, textIn } from '../protocol/loose.js'
import type { CliMessage } from '../protocol/messages.js'

/** A longer wait than this is the client's to decide, so the turn ends and says how long it is. */
const patienceMs = 2000

/** An API that takes so long to refuse takes as long once more, and the client may fall back meanwhile. */
const slowRefusalMs = 2500

export interface Refusal {
  /** the CLI's category */
  category: string | null
  status: number | null
  /** it is not waited until the CLI has asked again */
  final: boolean
}

export class Retries {
  private retryDelayMs: number | null = null
  private limitResetsAt: number | null = null
  /** how often the API has refused what is asked now */
  private refusals = 0
  /** when the API was asked last, in milliseconds of `performance.now()`; a CLI that does not say it has no slow refusals */
  private askedAt = Number.POSITIVE_INFINITY

  /**
   * @param clientRetries the client asks again by itself where the API limits it
   * @param inACloud the CLI gets new credentials from the cloud's own chain for each further try
   */
  constructor(
    private readonly clientRetries: boolean,
    private readonly inACloud = false,
  ) {}

  asked(): void {
    this.askedAt = performance.now()
  }

  answered(): void {
    this.refusals = 0
  }

  /** Takes a `rate_limit_event`. */
  limit(event: CliMessage): void {
    const info = objectIn(event['rate_limit_info'])
    if (info?.['status'] === 'rejected') this.limitResetsAt = amountIn(info['resetsAt']) ?? null
  }

  /** Takes an `api_retry`. */
  refused(retry: CliMessage): Refusal {
    this.refusals += 1
    const status = amountIn(retry['error_status']) ?? null
    const category = textIn(retry['error']) ?? null
    this.retryDelayMs = amountIn(retry['retry_delay_ms']) ?? null
    // a refused credential is asked about again: only the CLI's last word has the API's own, and a login may be refreshed meanwhile
    // a cloud says 403 of credentials that have expired as well
    const hopeless = (status === 403 && !this.inACloud) || status === 404
    const waitMs = this.retryDelayMs ?? 0
    const isSlow = performance.now() - this.askedAt > slowRefusalMs
    const limited = status === 429 && (this.clientRetries || waitMs > patienceMs || isSlow)
    if (!hopeless && !limited) this.askedAt = performance.now() + waitMs
    return { category, status, final: hopeless || limited }
  }

  /** The turn ends with an error: of a question that was refused before, that is the last refusal. */
  refusedLast(): void {
    if (this.refusals > 0) this.refusals += 1
  }

  get symptoms(): { refusals: number; retryDelayMs: number | null; limitResetsAt: number | null } {
    const { refusals, retryDelayMs, limitResetsAt } = this
    return { refusals, retryDelayMs, limitResetsAt }
  }
}
