/** What `doctor` finds. The table in docs/doctor.md has a row for each id. */

/** What the server cannot work with, or what it works with and somewhat worse. */
export type Level = 'fault' | 'warning'

export interface Finding {
  id: FindingId
  level: Level
  /** one sentence, without a full stop */
  says: string
  /** what to do, as one sentence in the imperative */
  remedy: string
}

export const findingIds = [
  'node_too_old',
  'configuration',
  'cpu_too_old',
  'memory_small',
  'no_init',
  'tmp_unusable',
  'tmp_full',
  'data_dir_unusable',
  'disk_full',
  'database_newer',
  'database_unusable',
  'redis_away',
  'redis_unusable',
  'redis_loses_records',
  'port_taken',
  'address_unusable',
  'loopback_taken',
  'open_with_subscription',
  'cli_missing',
  'cli_wrong',
  'cli_unchecked',
  'cli_start',
  'managed_policy',
  'not_logged_in',
  'proxy',
  'certificate',
  'api_unreachable',
  'clock_off',
  'login_refused',
  'api_limited',
  'question_failed',
] as const

export type FindingId = (typeof findingIds)[number]

export const fault = (id: FindingId, says: string, remedy: string): Finding => ({ id, level: 'fault', says, remedy })
export const warning = (id: FindingId, says: string, remedy: string): Finding => ({ id, level: 'warning', says, remedy })
