/** What owners have spent today and this month (UTC), in billionths of a US dollar. */
export interface SpentBy {
  owner: string
  nanoUsd: number
}

interface Spent {
  /** days since 1970, and months since the year 0 */
  day: number
  month: number
  dayNano: number
  monthNano: number
}

const dayMs = 24 * 3600 * 1000

export function monthOf(at: number): number {
  const date = new Date(at)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

/** When the day and the month of a time begin, in milliseconds since 1970. */
export function beginnings(at: number): { day: number; month: number } {
  const date = new Date(at)
  return { day: Math.floor(at / dayMs) * dayMs, month: Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) }
}

export class Budgets {
  private readonly owners = new Map<string, Spent>()

  /** What an earlier server has noted. */
  load(day: readonly SpentBy[], month: readonly SpentBy[], now: number): void {
    for (const { owner, nanoUsd } of month) this.of(owner, now).monthNano += nanoUsd
    for (const { owner, nanoUsd } of day) this.of(owner, now).dayNano += nanoUsd
  }

  add(owner: string, nanoUsd: number, now: number): void {
    const spent = this.of(owner, now)
    spent.dayNano += nanoUsd
    spent.monthNano += nanoUsd
  }

  /** What all servers have noted. */
  set(owner: string, { dayNano, monthNano }: { dayNano: number; monthNano: number }, now: number): void {
    Object.assign(this.of(owner, now), { dayNano, monthNano })
  }

  /** US dollars. */
  spent(owner: string, now: number): { day: number; month: number } {
    const { dayNano, monthNano } = this.of(owner, now)
    return { day: dayNano / 1e9, month: monthNano / 1e9 }
  }

  private of(owner: string, now: number): Spent {
    const day = Math.floor(now / dayMs)
    const month = monthOf(now)
    let spent = this.owners.get(owner)
    if (spent === undefined) this.owners.set(owner, (spent = { day, month, dayNano: 0, monthNano: 0 }))
    if (spent.day !== day) Object.assign(spent, { day, dayNano: 0 })
    if (spent.month !== month) Object.assign(spent, { month, monthNano: 0 })
    return spent
  }
}
