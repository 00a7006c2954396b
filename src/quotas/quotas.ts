/**
 * The limits of owners: requests and tokens a minute, US dollars a day and a month. What a call takes is known when its API tells it, so a
 * limit is passed by what was in flight, and by no more.
 */
import { BridgeError } from '../errors/catalogue.js'
import type { Tokens } from '../jobs/spending.js'
import type { UsageQuery, UsageSum } from '../jobs/store.js'
import { Bucket } from './bucket.js'
import { Budgets, beginnings } from './budgets.js'

/** Each left out: no limit. */
export interface OwnerLimits {
  requestsPerMinute?: number
  tokensPerMinute?: number
  /** jobs at work; others wait */
  running?: number
  /** days and months of UTC */
  usdPerDay?: number
  usdPerMonth?: number
  /** what the tasks may take in the store */
  storedBytes?: number
  /** open event streams */
  streams?: number
  /** turns in a row where several owners wait, 1 to 10; left out: 1 */
  priority?: number
}

export type Kind = 'requests' | 'tokens'

/** What several servers count together. */
export interface SharedCounts {
  /** Takes an amount, which may be more than there is; `whole`: only where there is as much. Resolves with what is left then. */
  take(kind: Kind, owner: string, amount: number, perMinute: number, how?: { whole: boolean }): Promise<{ taken: boolean; left: number }>
  /** In billionths of a US dollar, on the day and in the month (UTC) of a time. */
  spent(owner: string, now: number): Promise<{ dayNano: number; monthNano: number }>
}

/** What others have spent is looked at again after this, while an owner spends. Milliseconds. */
const lookAgainMs = 1000

export class Quotas {
  private readonly budgets = new Budgets()
  private readonly buckets: Record<Kind, Map<string, Bucket>> = { requests: new Map(), tokens: new Map() }
  /** when what an owner has spent was looked at last */
  private readonly looked = new Map<string, number>()

  /** @param shared left out: this server is alone @param clock milliseconds since 1970, and of `performance.now()` */
  constructor(
    readonly limitsOf: (owner: string) => OwnerLimits,
    private readonly clock: { date(): number; now(): number } = { date: () => Date.now(), now: () => performance.now() },
    private readonly shared?: SharedCounts,
  ) {}

  /** Takes up what was spent before this server, before anything is spent here. */
  async load(usage: (query: UsageQuery) => Promise<UsageSum[]>): Promise<void> {
    const now = this.clock.date()
    const { day, month } = beginnings(now)
    const since = async (from: number) =>
      (await usage({ from: from / 1000, to: now / 1000 + 3600, by: { owner: true }, limit: 1_000_000 })).map(({ owner, nanoUsd }) => ({
        ...{ owner: owner ?? '', nanoUsd },
      }))
    this.budgets.load(await since(day), await since(month), now)
  }

  /** Counts a request that is let in. Returns why it is not: a rate, or a budget. */
  admit(owner: string): BridgeError | null {
    const refusal = this.budgetRefusal(owner) ?? this.rateRefusal(owner)
    const { requestsPerMinute } = this.limitsOf(owner)
    if (refusal === null && requestsPerMinute !== undefined) {
      this.take('requests', owner, 1, requestsPerMinute)
    }
    return refusal
  }

  /** As {@link admit}, with what other servers have let in. */
  async admitShared(owner: string): Promise<BridgeError | null> {
    const { shared } = this
    if (shared === undefined) return this.admit(owner)
    const { requestsPerMinute, tokensPerMinute } = this.limitsOf(owner)
    await this.lookAtSpent(owner, shared)
    if (tokensPerMinute !== undefined) await this.takeShared(shared, 'tokens', owner, 0, tokensPerMinute)
    const refusal = this.budgetRefusal(owner) ?? this.rateOf('tokens', owner, tokensPerMinute)
    if (refusal !== null || requestsPerMinute === undefined) return refusal
    const taken = await this.takeShared(shared, 'requests', owner, 1, requestsPerMinute, { whole: true })
    return taken ? null : this.rateOf('requests', owner, requestsPerMinute)
  }

  /** A call of a model's API has taken tokens. */
  charged(owner: string, { input, cacheRead, cacheWrite, output }: Tokens, nanoUsd: number): void {
    this.budgets.add(owner, nanoUsd, this.clock.date())
    const late = this.clock.now() - (this.looked.get(owner) ?? -Infinity) >= lookAgainMs
    if (this.shared !== undefined && late) this.lookAtSpent(owner, this.shared).catch(() => undefined)
    const { tokensPerMinute } = this.limitsOf(owner)
    if (tokensPerMinute === undefined) return
    const amount = input + cacheRead + cacheWrite + output
    this.take('tokens', owner, amount, tokensPerMinute)
    // what cannot be told to the others now counts here all the same
    if (this.shared !== undefined) this.takeShared(this.shared, 'tokens', owner, amount, tokensPerMinute).catch(() => undefined)
  }

  private async takeShared(
    shared: SharedCounts,
    kind: Kind,
    owner: string,
    amount: number,
    perMinute: number,
    how?: { whole: boolean },
  ): Promise<boolean> {
    const { taken, left } = await shared.take(kind, owner, amount, perMinute, how)
    const now = this.clock.now()
    this.bucketOf(kind, owner, perMinute, now).set(left, perMinute, now)
    return taken
  }

  private async lookAtSpent(owner: string, shared: SharedCounts): Promise<void> {
    const { usdPerDay, usdPerMonth } = this.limitsOf(owner)
    if (usdPerDay === undefined && usdPerMonth === undefined) return
    this.looked.set(owner, this.clock.now())
    const now = this.clock.date()
    this.budgets.set(owner, await shared.spent(owner, now), now)
  }

  /** Why nothing more may be spent; null where it may. */
  budgetRefusal(owner: string): BridgeError | null {
    const { usdPerDay = Infinity, usdPerMonth = Infinity } = this.limitsOf(owner)
    if (usdPerDay === Infinity && usdPerMonth === Infinity) return null
    const { day, month } = this.budgets.spent(owner, this.clock.date())
    if (month >= usdPerMonth) return spent(`${usdPerMonth} USD a month`, 'month')
    return day >= usdPerDay ? spent(`${usdPerDay} USD a day`, 'day') : null
  }

  /** OpenAI's `x-ratelimit-*` headers of the limits that an owner has. @param taking a request that is about to be counted */
  headers(owner: string, taking: boolean): Record<string, string> {
    const { requestsPerMinute, tokensPerMinute } = this.limitsOf(owner)
    return {
      ...(requestsPerMinute !== undefined && this.headersOf('requests', owner, requestsPerMinute, Number(taking))),
      ...(tokensPerMinute !== undefined && this.headersOf('tokens', owner, tokensPerMinute, 0)),
    }
  }

  private headersOf(kind: Kind, owner: string, bound: number, less: number): Record<string, string> {
    const now = this.clock.now()
    const bucket = this.bucketOf(kind, owner, bound, now)
    const remaining = Math.max(0, Math.floor(bucket.remaining(bound, now)) - less)
    return {
      [`x-ratelimit-limit-${kind}`]: String(bound),
      [`x-ratelimit-remaining-${kind}`]: String(remaining),
      [`x-ratelimit-reset-${kind}`]: `${Math.ceil(bucket.until(Math.max(1, bound) + less, bound, now) / 1000)}s`,
    }
  }

  private rateRefusal(owner: string): BridgeError | null {
    const { requestsPerMinute, tokensPerMinute } = this.limitsOf(owner)
    return this.rateOf('requests', owner, requestsPerMinute) ?? this.rateOf('tokens', owner, tokensPerMinute)
  }

  private rateOf(kind: Kind, owner: string, bound: number | undefined): BridgeError | null {
    if (bound === undefined) return null
    const now = this.clock.now()
    const waitMs = this.bucketOf(kind, owner, bound, now).until(1, bound, now)
    if (waitMs === 0) return null
    const message = `This key has the limit of ${bound} ${kind} a minute, and has reached it.`
    return new BridgeError('rate_limit_exceeded', message, { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) })
  }

  private take(kind: Kind, owner: string, amount: number, bound: number): void {
    const now = this.clock.now()
    this.bucketOf(kind, owner, bound, now).take(amount, bound, now)
  }

  /** @param now the time that the bucket is asked about: one that is made later would not be full yet */
  private bucketOf(kind: Kind, owner: string, bound: number, now: number): Bucket {
    let bucket = this.buckets[kind].get(owner)
    if (bucket === undefined) this.buckets[kind].set(owner, (bucket = new Bucket(bound, now)))
    return bucket
  }
}

function spent(what: string, span: string): BridgeError {
  return new BridgeError(
    'insufficient_quota',
    `This key has a budget of ${what}, and has spent it; it begins anew with the next ${span} (UTC).`,
  )
}
