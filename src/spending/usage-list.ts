/** Sums of usage -> what `GET /usage` says, as JSON or as CSV (RFC 4180). */
import { z } from 'zod'
import { BridgeError } from '../errors/catalogue.js'
import type { UsageQuery, UsageSum } from '../jobs/store.js'

type Groups = UsageQuery['by']

const names = ['key', 'model', 'day', 'hour'] as const

const counts = {
  requests: z.number().describe('jobs that have ended'),
  failures: z.number().describe('of these, those that failed'),
  prompt_tokens: z.number().describe('cached ones included'),
  completion_tokens: z.number(),
  cached_tokens: z.number().describe('of the prompt: read from the cache'),
  cache_write_tokens: z.number().describe('of the prompt: written into the cache'),
  reasoning_tokens: z.number().describe('of the completion'),
  cost_usd: z.number().describe('tokens by kind at the prices of their models; a model without a price counts as the dearest'),
}

const usageLineSchema = z.object({
  key: z.string().optional(),
  model: z.string().optional(),
  day: z.string().optional().describe('as in 2026-11-29, UTC'),
  hour: z.string().optional().describe('as in 2026-11-29T13:00:00Z'),
  ...counts,
})

export const usageListSchema = z.object({
  object: z.literal('list'),
  data: z.array(usageLineSchema),
  totals: z.object(counts),
  has_more: z.boolean(),
  without_price: z.array(z.string()).describe('models of these lines that have no price'),
})

export type UsageList = z.infer<typeof usageListSchema>
type Counts = UsageList['totals']

/** `key,model,day` -> what sums are asked for. @throws BridgeError invalid_value */
export function readGroups(text: string): Groups {
  const asked = text.split(',').map((name) => name.trim())
  const unknown = asked.find((name) => !(names as readonly string[]).includes(name))
  if (unknown !== undefined) throw refused(`'${unknown.slice(0, 40)}' is none of ${names.join(', ')}.`)
  if (asked.includes('day') && asked.includes('hour')) throw refused('`day` and `hour` cannot be asked for together.')
  return {
    ...(asked.includes('key') && { owner: true }),
    ...(asked.includes('model') && { model: true }),
    ...(asked.includes('hour') ? { span: 'hour' as const } : asked.includes('day') && { span: 'day' as const }),
  }
}

function refused(message: string): BridgeError {
  return new BridgeError('invalid_value', message, { param: 'group_by' })
}

export function toUsageList(
  sums: readonly UsageSum[],
  { span }: Groups,
  { hasMore, hasPrice }: { hasMore: boolean; hasPrice: (model: string) => boolean },
): UsageList {
  const models = new Set(sums.flatMap(({ model }) => model ?? []))
  return {
    object: 'list',
    data: sums.map((sum) => ({
      ...(sum.owner !== null && { key: sum.owner }),
      ...(sum.model !== null && { model: sum.model }),
      ...(sum.from !== null && timeOf(sum.from, span)),
      ...countsOf(sum),
    })),
    totals: countsOf(sums.reduce(added, nothing)),
    has_more: hasMore,
    without_price: [...models].filter((model) => !hasPrice(model)),
  }
}

export function usageText({ data, totals }: UsageList): string {
  const all = [...names, ...(Object.keys(totals) as (keyof Counts)[])]
  const columns = all.filter((column) => column in totals || data.some((line) => line[column as (typeof names)[number]] !== undefined))
  const lines = data.map((line) => columns.map((column) => field(line[column])).join(','))
  return [columns.join(','), ...lines, ''].join('\r\n')
}

/** A text that a spreadsheet would take for a formula is marked as text. */
function field(value: string | number | undefined): string {
  if (typeof value !== 'string') return String(value ?? '')
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function timeOf(from: number, span: Groups['span']): { day: string } | { hour: string } {
  const text = new Date(from * 1000).toISOString()
  return span === 'hour' ? { hour: `${text.slice(0, 19)}Z` } : { day: text.slice(0, 10) }
}

type Sum = Pick<UsageSum, 'requests' | 'failures' | 'input' | 'cacheRead' | 'cacheWrite' | 'output' | 'reasoning' | 'nanoUsd'>

const nothing: Sum = { requests: 0, failures: 0, input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, nanoUsd: 0 }

function added(sum: Sum, more: Sum): Sum {
  const keys = Object.keys(nothing) as (keyof Sum)[]
  return Object.fromEntries(keys.map((key) => [key, sum[key] + more[key]])) as unknown as Sum
}

function countsOf(sum: Sum): Counts {
  return {
    requests: sum.requests,
    failures: sum.failures,
    prompt_tokens: sum.input + sum.cacheRead + sum.cacheWrite,
    completion_tokens: sum.output,
    cached_tokens: sum.cacheRead,
    cache_write_tokens: sum.cacheWrite,
    reasoning_tokens: sum.reasoning,
    cost_usd: sum.nanoUsd / 1e9,
  }
}
