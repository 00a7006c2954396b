/** What the project wants of these figures. A figure that misses its target is said to, and fails nothing. */
import type { Findings } from './findings.js'
import { silenceCases } from './silence-cases.js'

export interface Target {
  /** row that it stands beside */
  row: string
  wanted: string
  met(findings: Findings): boolean
}

const over = (row: string, reference: string, ms: number, wanted: string): Target => ({
  row,
  wanted,
  met: (findings) => findings.median(row) - findings.median(reference) <= ms,
})

const atMost = (row: string, limit: number, wanted: string): Target => ({
  row,
  wanted,
  met: (findings) => findings.median(row) <= limit,
})

/** As a part of the bare lean CLI's own first token. */
const partOfBare = (row: string, part: number): Target => ({
  row,
  wanted: `direct + ${part * 100} % of the lean CLI`,
  met: (findings) => findings.median(row) - findings.median('direct_first') <= part * findings.median('bare_lean_first'),
})

/** As a part of the CLI's CPU for a question in a process of its own. */
const partOfCpu = (row: string, part: number): Target => ({
  row,
  wanted: `${part * 100} % of a process of its own`,
  met: (findings) => findings.median(row) <= part * findings.median('cli_cpu_cold'),
})

/** 200 ms for a body up to 1 MB, 30 ms for each further MB. */
const silenceBound = (findings: Findings, id: string) => 200 + 30 * Math.max(0, findings.median(`size_${id}`) - 1)

export const targets: readonly Target[] = [
  over('cold_first', 'bare_lean_first', 15, 'lean CLI + 15'),
  partOfBare('warm_first', 0.06),
  {
    row: 'warm_first',
    wanted: '5 times faster than lean CLI',
    met: (findings) => findings.median('bare_lean_first') / findings.median('warm_first') >= 5,
  },
  partOfBare('live_first', 0.05),
  partOfBare('regenerate_first', 0.06),
  partOfBare('replayed_first', 0.15),
  over('warm_block_total', 'direct_total', 60, 'direct + 60'),
  {
    row: 'crowd_rate',
    wanted: '5 times the bare CLI on each core',
    met: (findings) => findings.median('crowd_rate') / findings.median('bare_rate') >= 5,
  },
  {
    row: 'crowd_first',
    wanted: 'half of the lean CLI alone',
    met: (findings) => findings.median('crowd_first') < findings.median('bare_lean_first') / 2,
  },
  partOfCpu('server_cpu', 0.02),
  partOfCpu('cli_cpu', 0.12),
  atMost('queued_heap', 5, 'at most 5'),
  {
    row: 'validated_total',
    wanted: 'at most 2 % over unchecked',
    met: (findings) => findings.median('validated_total') / findings.median('unchecked_total') <= 1.02,
  },
  { row: 'retry_extra', wanted: 'below 60', met: (findings) => findings.median('retry_extra') < 60 },
  atMost('parse_60_tools', 10, 'below 10'),
  ...['sweep', 'due', 'prune', 'unfinished', 'response_60k', 'stream_60k', 'events_60k', 'references', 'tasks_page'].map((id) =>
    atMost(`silence_${id}`, 200, 'at most 200'),
  ),
  ...silenceCases.map(
    ({ id }): Target => ({
      row: `silence_${id}`,
      wanted: '200, and 30 for each MB',
      met: (findings) => findings.median(`silence_${id}`) <= silenceBound(findings, id),
    }),
  ),
  { row: 'enqueue', wanted: 'below 1', met: (findings) => findings.median('enqueue') < 1 },
  { row: 'enqueue_http', wanted: 'below 1', met: (findings) => findings.median('enqueue_http') < 1 },
]
