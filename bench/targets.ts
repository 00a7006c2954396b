/** What the project wants of these figures. A figure that misses its target is said to, and fails nothing. */
import type { Findings } from './findings.js'
import { silenceCases } from './silence-cases.js'

export interface Target {
  /** row that it stands beside */
  row: string
  wanted: string
  /** what was measured as a part of what is allowed: 1 at most. NaN where a row that it needs was not measured */
  part(findings: Findings): number
}

export type Verdict = 'met' | 'missed' | 'unknown'

export function verdict(target: Target, findings: Findings): Verdict {
  const part = target.part(findings)
  if (Number.isNaN(part)) return 'unknown'
  return part <= 1 ? 'met' : 'missed'
}

const over = (row: string, reference: string, ms: number, wanted: string): Target => ({
  row,
  wanted,
  part: (findings) => (findings.median(row) - findings.median(reference)) / ms,
})

const atMost = (row: string, limit: number, wanted: string): Target => ({
  row,
  wanted,
  part: (findings) => findings.median(row) / limit,
})

/** As a part of the bare lean CLI's own first token. */
const partOfBare = (row: string, part: number): Target => ({
  row,
  wanted: `direct + ${part * 100} % of the lean CLI`,
  part: (findings) => (findings.median(row) - findings.median('direct_first')) / (part * findings.median('bare_lean_first')),
})

/** As a part of the bare CLI's CPU for one question. */
const partOfCpu = (row: string, percent: number, aim: number): Target => ({
  row,
  wanted: `${percent} % of the bare CLI (aim ${aim} %)`,
  part: (findings) => findings.median(row) / ((percent / 100) * findings.median('bare_cpu')),
})

/** @param times the median has to be smaller than the reference's this many times */
const timesFaster = (row: string, times: number, wanted: string): Target => ({
  row,
  wanted,
  part: (findings) => (times * findings.median(row)) / findings.median('bare_lean_first'),
})

/** Questions eight at once. `id` of the rows. */
const crowd = (id: string): Target[] => [
  {
    row: `${id}_rate`,
    wanted: '5 times the bare CLI on each core',
    part: (findings) => (5 * findings.median('bare_rate')) / findings.median(`${id}_rate`),
  },
  timesFaster(`${id}_first`, 2, 'half of the lean CLI alone'),
]

const cpu = (id: string): Target[] => [partOfCpu(`${id}_server_cpu`, 2, 1), partOfCpu(`${id}_cli_cpu`, 12, 6)]

/** 200 ms for a body up to 1 MB, 30 ms for each further MB. */
const silenceBound = (findings: Findings, id: string) => 200 + 30 * Math.max(0, findings.median(`size_${id}`) - 1)

export const targets: readonly Target[] = [
  over('cold_first', 'bare_lean_first', 15, 'lean CLI + 15'),
  partOfBare('warm_first', 0.06),
  timesFaster('warm_first', 5, '5 times faster than lean CLI'),
  partOfBare('live_first', 0.05),
  partOfBare('regenerate_first', 0.06),
  partOfBare('replayed_first', 0.15),
  over('warm_block_total', 'direct_total', 60, 'direct + 60'),
  ...crowd('started'),
  ...crowd('reuse'),
  ...cpu('reuse'),
  ...cpu('warm'),
  {
    row: 'slow_upstream',
    wanted: '2 s + the first token of the lean CLI',
    part: (findings) => findings.median('slow_upstream') / (2000 + findings.median('bare_lean_first')),
  },
  atMost('queued_heap', 5, 'at most 5'),
  {
    row: 'validated_total',
    wanted: 'at most 2 % over unchecked',
    part: (findings) => findings.median('validated_total') / (1.02 * findings.median('unchecked_total')),
  },
  atMost('retry_extra', 60, 'at most 60'),
  atMost('parse_60_tools', 10, 'at most 10'),
  ...['sweep', 'due', 'prune', 'unfinished', 'response_60k', 'stream_60k', 'events_60k', 'references', 'tasks_page'].map((id) =>
    atMost(`silence_${id}`, 200, 'at most 200'),
  ),
  ...silenceCases.map(
    ({ id }): Target => ({
      row: `silence_${id}`,
      wanted: '200, and 30 for each MB',
      part: (findings) => findings.median(`silence_${id}`) / silenceBound(findings, id),
    }),
  ),
  atMost('enqueue', 1, 'at most 1'),
  atMost('key_check', 100, 'at most 100'),
  atMost('enqueue_http', 1, 'at most 1'),
]
