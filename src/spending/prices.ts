/**
 * What models cost, in US dollars for a million tokens: the prices that the CLI 2.1.329 carries for Anthropic's API, as of 2026-11-29.
 * An operator's own prices go before them.
 */
import type { Charge } from '../jobs/spending.js'

export interface Price {
  input: number
  output: number
  cacheRead: number
  /** tokens that are written into the cache for five minutes */
  cacheWrite: number
  /** for an hour */
  hourCacheWrite: number
  /** of a call whose prompt has more tokens */
  above?: { tokens: number; price: Price }
}

/** Writing costs a quarter more than reading anew, for an hour twice as much. */
function price(input: number, output: number, cacheRead: number): Price {
  return { input, output, cacheRead, cacheWrite: input * 1.25, hourCacheWrite: input * 2 }
}

/** The first that fits counts: a longer name stands before a shorter one. */
const families: readonly [id: RegExp, Price][] = [
  [/claude-3-5-haiku/, price(0.8, 4, 0.08)],
  [/claude-3-[57]-sonnet/, price(3, 15, 0.3)],
  [/claude-haiku-4/, price(1, 5, 0.1)],
  [/claude-haiku-5-5/, { ...price(0.1, 0.5, 0.01), above: { tokens: 100_000, price: price(0.5, 2.5, 0.05) } }],
  [/claude-sonnet-4/, price(3, 15, 0.3)],
  [/claude-sonnet-5-5/, price(2, 10, 0.1)],
  [/claude-sonnet-5/, price(2, 10, 0.2)],
  [/claude-opus-5-5/, price(4, 20, 0.2)],
  [/claude-opus-(?:4-[5-8]|5)(?!\d)/, price(5, 25, 0.5)],
  [/claude-opus-4/, price(15, 75, 1.5)],
  [/claude-(?:fable|mythos)-5-2/, price(8, 40, 0.4)],
  [/claude-(?:fable|mythos)-5-1/, price(10, 50, 0.25)],
  [/claude-(?:fable|mythos)-5/, price(10, 50, 1)],
]

/** Names of models come from outside; as many as a person reads. */
const mostNames = 100

const dearest = price(15, 75, 1.5)

export class Prices {
  /** models that were charged and have no price */
  readonly unknown = new Set<string>()
  /** as what models with a price of the operator's have answered */
  private readonly answering = new Set<string>()

  /**
   * @param own of models by their names, as they are asked for or as the API names them
   * @param onUnknown told once of each model without a price
   */
  constructor(
    private own: ReadonlyMap<string, Price> = new Map(),
    private readonly onUnknown: (model: string) => void = () => {},
  ) {}

  /** Takes other prices of the operator's, for what is charged from now on. */
  replace(own: ReadonlyMap<string, Price>): void {
    this.own = own
    this.unknown.clear()
    this.answering.clear()
  }

  /** Null for a model without a price. */
  of(model: string): Price | null {
    return this.own.get(model) ?? families.find(([family]) => family.test(model))?.[1] ?? null
  }

  /** Whether there is a price for a model by the name with which it answers, which may be another one than it is asked by. */
  covers(model: string): boolean {
    if (this.of(model) !== null || this.answering.has(model)) return true
    return [...this.own.keys()].some((key) => {
      const name = key.slice(key.indexOf('/') + 1)
      // providers answer with a date behind the name
      return model.startsWith(name) && /^([-@]\d{4}.*)?$/.test(model.slice(name.length))
    })
  }

  /** Billionths of a US dollar. A model without a price counts as the dearest of them. */
  nanoUsd(charge: Charge, asked: string): number {
    const { model, usd } = charge
    if (usd !== undefined) return Math.round(usd * 1e9)
    const own = this.own.get(asked)
    if (own !== undefined && model !== null && this.answering.size < mostNames) this.answering.add(model)
    const known = own ?? (model === null ? null : this.of(model)) ?? this.of(asked)
    if (known === null) this.note(model ?? asked)
    return costOf(known ?? dearest, charge)
  }

  private note(model: string): void {
    if (this.unknown.has(model) || this.unknown.size >= mostNames) return
    this.unknown.add(model)
    this.onUnknown(model)
  }
}

function costOf(all: Price, { tokens, prompt }: Charge): number {
  const one = all.above !== undefined && prompt > all.above.tokens ? all.above.price : all
  // a dollar for a million tokens is a thousand billionths for each
  return Math.round(
    1000 *
      (tokens.input * one.input +
        tokens.cacheRead * one.cacheRead +
        (tokens.cacheWrite - tokens.hourCacheWrite) * one.cacheWrite +
        tokens.hourCacheWrite * one.hourCacheWrite +
        tokens.output * one.output),
  )
}
