/** What a run has found: its figures, and what was wrong with it. */
export interface Row {
  /** stable name, for programs that read the JSON file */
  id: string
  /** for people */
  name: string
  unit: string
  samples: readonly number[]
  /** compared with the bare CLI's row of that kind, times also with the direct call's */
  kind?: Kind
}

export type Kind = 'first' | 'total' | 'time' | 'rate' | 'cpu' | 'memory'

/** Ids of the rows that those of a kind are compared with. */
export const references: Readonly<Record<Kind, { direct?: string; bare: string }>> = {
  first: { direct: 'direct_first', bare: 'bare_lean_first' },
  total: { direct: 'direct_total', bare: 'bare_lean_total' },
  // what is no answer to one question
  time: { bare: 'bare_lean_total' },
  rate: { bare: 'bare_rate' },
  cpu: { bare: 'bare_cpu' },
  memory: { bare: 'bare_memory' },
}

export class Findings {
  readonly rows: Row[] = []
  /** any of these fails the run */
  readonly problems: string[] = []
  /** what a reader of the table has to know */
  readonly notes: string[] = []

  add(id: string, name: string, unit: string, samples: readonly number[] | number, kind?: Kind): void {
    const list = typeof samples === 'number' ? [samples] : samples
    this.rows.push({ id, name, unit, samples: list, ...(kind && { kind }) })
  }

  /** Notes a problem unless `ok`. */
  check(ok: boolean, problem: string): void {
    if (!ok) this.problems.push(problem)
  }

  row(id: string): Row | undefined {
    return this.rows.find((row) => row.id === id)
  }

  /** The median of a row; NaN where there is no such row or it is empty. */
  median(id: string): number {
    return quantile(this.row(id)?.samples ?? [], 0.5)
  }
}

/** The nearest-rank quantile: always a value that was measured. NaN of nothing. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN
}
