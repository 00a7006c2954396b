/**
 * What a job's calls of models' APIs have taken: counted as the APIs tell it, so that a call that failed, was cut or was killed counts as
 * well. Rows by model are kept until the store has taken them; a write that the store refuses takes nothing.
 */
import type { Usage } from './events.js'

/** Tokens by kind. */
export interface Tokens {
  input: number
  cacheRead: number
  cacheWrite: number
  /** of `cacheWrite`: those that are kept for an hour, which cost more */
  hourCacheWrite: number
  output: number
  /** of `output` */
  reasoning: number
}

/** What a call has taken since it was last told; the sum of a call's charges is what it has taken in all. */
export interface Charge {
  /** as the API names what answers; null where it does not say it */
  model: string | null
  tokens: Tokens
  /** tokens of the call's whole prompt, cached ones included: the price may depend on it */
  prompt: number
  /** US dollars, where the API tells them; left out: they follow from the tokens */
  usd?: number
  /** the one name (`modelKey`) of the model that was asked, which is another one than the job's where that could not answer */
  asked?: string
  /** a guess, since the API has told nothing: it counts, and no answer shows it */
  guessed?: true
}

/** What is added to the usage of an owner. */
export interface UsageRow extends Tokens {
  model: string
  requests: number
  failures: number
  /** billionths of a US dollar, so that sums stay whole numbers */
  nanoUsd: number
}

/** A charge and the model that was asked for -> billionths of a US dollar. */
export type PriceOf = (charge: Charge, asked: string) => number

export const noTokens: Tokens = { input: 0, cacheRead: 0, cacheWrite: 0, hourCacheWrite: 0, output: 0, reasoning: 0 }

export function addTokens(sum: Tokens, { input, cacheRead, cacheWrite, hourCacheWrite, output, reasoning }: Tokens): Tokens {
  return {
    input: sum.input + input,
    cacheRead: sum.cacheRead + cacheRead,
    cacheWrite: sum.cacheWrite + cacheWrite,
    hourCacheWrite: sum.hourCacheWrite + hourCacheWrite,
    output: sum.output + output,
    reasoning: sum.reasoning + reasoning,
  }
}

function addRow(sum: UsageRow, row: UsageRow, times: 1 | -1 = 1): UsageRow {
  const signed = (tokens: Tokens): Tokens =>
    times === 1 ? tokens : (Object.fromEntries(Object.entries(tokens).map(([kind, n]) => [kind, -Number(n)])) as unknown as Tokens)
  const { model, requests, failures, nanoUsd, ...tokens } = row
  return {
    ...addTokens(sum, signed(tokens)),
    model,
    requests: sum.requests + times * requests,
    failures: sum.failures + times * failures,
    nanoUsd: sum.nanoUsd + times * nanoUsd,
  }
}

export function emptyRow(model: string): UsageRow {
  return { model, requests: 0, failures: 0, nanoUsd: 0, ...noTokens }
}

/** What one choice has taken since its last `usage` event. */
interface Untold {
  tokens: Tokens
  nanoUsd: number
  model: string | null
}

export class JobSpending {
  /** in all, billionths of a US dollar */
  nanoUsd = 0
  /** by model */
  private readonly unstored = new Map<string, UsageRow>()
  /** by choice */
  private readonly untold = new Map<number, Untold>()
  /** of the last call */
  private model: string | null = null

  /** @param asked the model that was asked for: what is spent counts there where the API names none */
  constructor(
    private readonly asked: string,
    private readonly priceOf: PriceOf,
  ) {}

  /** Something was taken. */
  get any(): boolean {
    return this.model !== null || this.nanoUsd > 0
  }

  /** Says what it costs, in billionths of a US dollar. */
  add(choice: number, charge: Charge): number {
    const nanoUsd = this.priceOf(charge, charge.asked ?? this.asked)
    this.nanoUsd += nanoUsd
    const model = charge.model ?? charge.asked ?? this.asked
    this.model = model
    this.addUnstored({ ...emptyRow(model), ...charge.tokens, nanoUsd })
    if (charge.guessed === true) return nanoUsd
    const before = this.untold.get(choice) ?? { tokens: noTokens, nanoUsd: 0, model: null }
    this.untold.set(choice, {
      tokens: addTokens(before.tokens, charge.tokens),
      nanoUsd: before.nanoUsd + nanoUsd,
      model: charge.model ?? before.model,
    })
    return nanoUsd
  }

  /** The job has ended: it was one request, of the model that answered last. */
  ended(failed: boolean): void {
    this.addUnstored({ ...emptyRow(this.model ?? this.asked), requests: 1, failures: Number(failed) })
  }

  /** A `usage` event of the choice tells what it has taken so far. US dollars. */
  told(choice: number): number | null {
    const untold = this.untold.get(choice)
    this.untold.delete(choice)
    return untold === undefined ? null : untold.nanoUsd / 1e9
  }

  /** What no `usage` event has told, by choice. */
  takeUntold(): { choice: number; usage: Usage; costUsd: number; model: string | null }[] {
    const untold = [...this.untold].map(([choice, { tokens, nanoUsd, model }]) => ({
      ...{ choice, model, costUsd: nanoUsd / 1e9 },
      usage: {
        inputTokens: tokens.input,
        cacheReadTokens: tokens.cacheRead,
        cacheWriteTokens: tokens.cacheWrite,
        outputTokens: tokens.output,
        reasoningTokens: tokens.reasoning === 0 ? null : tokens.reasoning,
      },
    }))
    this.untold.clear()
    return untold
  }

  /** What the store is to add. */
  rows(): UsageRow[] {
    return [...this.unstored.values()]
  }

  /** The store has added these. */
  stored(rows: readonly UsageRow[]): void {
    for (const row of rows) {
      const left = addRow(this.unstored.get(row.model) ?? emptyRow(row.model), row, -1)
      const { model, ...numbers } = left
      if (Object.values(numbers).every((n) => n === 0)) this.unstored.delete(model)
      else this.unstored.set(model, left)
    }
  }

  private addUnstored(row: UsageRow): void {
    this.unstored.set(row.model, addRow(this.unstored.get(row.model) ?? emptyRow(row.model), row))
  }
}
