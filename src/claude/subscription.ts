/**
 * What is left of the subscription behind the login, as the CLI tells it with each answer (`rate_limit_event`, for OAuth logins only). Where
 * the API has rejected a model for a limit, a run of that model is refused before a process is started for it. One run a minute is let
 * through, and one that succeeds ends it: a single event blocks nothing for days.
 */
import type { Failure } from '../errors/catalogue.js'
import { amountIn, objectIn, textIn } from './protocol/loose.js'

/** One of the subscription's limits, as it was told last. */
export interface SubscriptionLimit {
  /** as the CLI names it, such as `five_hour` */
  type: string
  /** `allowed`, `allowed_warning` or `rejected` */
  status: string
  /** 0 to 1, and more where more may be used; null where it is not told */
  utilization: number | null
  /** Unix seconds; null where it is not told */
  resetsAt: number | null
}

interface Rejection {
  type: string
  resetsAt: number | null
  /** when a run was let through last, or the rejection came, by `performance.now()` */
  triedAt: number
}

const tryEveryMs = 60_000
/** The names come from outside: there are eight now. */
const mostLimits = 16
const mostModels = 100

export class Subscription {
  private readonly known = new Map<string, SubscriptionLimit>()
  private readonly rejections = new Map<string, Rejection>()

  constructor(private readonly everyMs = tryEveryMs) {}

  /** Takes a `rate_limit_event` of a run of that model. */
  note(model: string, event: Record<string, unknown>): void {
    const info = objectIn(event['rate_limit_info'])
    const status = textIn(info?.['status'])
    if (info === undefined || !status) return
    const type = textIn(info['rateLimitType'])?.match(/^[a-z0-9_]{1,40}$/i)?.[0] ?? 'unknown'
    const resetsAt = amountIn(info['resetsAt']) ?? null
    if (this.known.has(type) || this.known.size < mostLimits) {
      this.known.set(type, { type, status: status.slice(0, 40), utilization: amountIn(info['utilization']) ?? null, resetsAt })
    }
    if (status !== 'rejected' || (this.rejections.size >= mostModels && !this.rejections.has(model))) return
    this.rejections.set(model, { type, resetsAt, triedAt: performance.now() })
  }

  /** A run of that model has had its answer. */
  succeeded(model: string): void {
    this.rejections.delete(model)
  }

  /** Why no run of that model should begin now; null: one may. */
  refusal(model: string): Failure | null {
    const rejection = this.rejections.get(model)
    if (rejection === undefined) return null
    const { type, resetsAt, triedAt } = rejection
    const leftS = resetsAt === null ? null : resetsAt - Date.now() / 1000
    if (leftS !== null && leftS <= 0) {
      this.rejections.delete(model)
      return null
    }
    if (performance.now() - triedAt >= this.everyMs) {
      rejection.triedAt = performance.now()
      return null
    }
    const until = resetsAt === null ? '' : ` It is full until ${new Date(resetsAt * 1000).toISOString()}.`
    const message = `The subscription's limit \`${type}\` has rejected \`${model}\`, and the CLI was not asked again.${until}`
    return { code: 'insufficient_quota', message, retryAfter: Math.max(1, Math.ceil(leftS ?? this.everyMs / 1000)) }
  }

  /** In the order of their names. What is over is not told any more. */
  get limits(): SubscriptionLimit[] {
    const now = Date.now() / 1000
    const current = [...this.known.values()].filter(({ resetsAt }) => resetsAt === null || resetsAt > now)
    return current.sort((a, b) => (a.type < b.type ? -1 : 1))
  }
}

/** As HTTP headers: `x-bridge-limit-five-hour-utilization` and the like. */
export function limitHeaders(limits: readonly SubscriptionLimit[]): Record<string, string> {
  return Object.fromEntries(
    limits.flatMap(({ type, status, utilization, resetsAt }) => {
      const name = `x-bridge-limit-${type.toLowerCase().replaceAll('_', '-')}`
      return [
        [`${name}-status`, status],
        ...(utilization === null ? [] : [[`${name}-utilization`, String(utilization)] as [string, string]]),
        ...(resetsAt === null ? [] : [[`${name}-reset`, String(resetsAt)] as [string, string]]),
      ] as [string, string][]
    }),
  )
}
