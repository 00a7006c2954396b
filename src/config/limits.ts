/** What a key may use, as the configuration file and `/admin/keys` say it. */
import { z } from 'zod'

const count = z.int('must be a whole number').min(0, 'must not be negative')
const usd = z.number('must be a number').min(0, 'must not be negative')

/** A member that is left out is no limit. */
const keyLimitsSchema = z.strictObject({
  requests_per_minute: count.optional(),
  tokens_per_minute: count.optional(),
  running: count.min(1, 'must be at least 1').optional().describe('jobs at work at once'),
  usd_per_day: usd.optional().describe('days begin at 0:00 UTC'),
  usd_per_month: usd.optional().describe('months begin at 0:00 UTC'),
  stored_mb: count.optional().describe('what its tasks may take in the store, files included'),
  streams: count.optional().describe('open event streams'),
})

export const limitsSchema = z.strictObject({
  default: keyLimitsSchema.prefault({}).describe('of each key that has no entry of its own'),
  keys: z.record(z.string(), keyLimitsSchema).prefault({}).describe('by the name of the key'),
})

export type Limits = z.infer<typeof limitsSchema>
