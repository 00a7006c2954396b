/**
 * The one schema of the configuration: of the file as it stands there, and of the environment once its texts are put in their places
 * (`environment.ts`). `docs/config.schema.json` is made of it.
 */
import { z } from 'zod'
import { providersSchema } from '../upstreams/settings.js'
import { limitsSchema } from './limits.js'

const whole = (minimum: number, maximum: number) =>
  z
    .int(`must be a whole number from ${minimum} to ${maximum}`)
    .min(minimum, `must be at least ${minimum}`)
    .max(maximum, `must be at most ${maximum}`)

const text = z.string('must be a text; put it in quotes')
const flag = z.boolean('must be true or false')
const texts = z.array(text, 'must be a list of texts')
const usd = z.number('must be a number').min(0, 'must not be negative')

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Members have the names of the variables in lower case. */
export const serverSchema = z.strictObject({
  host: text.optional().describe('an address that other machines reach needs keys, or allow_anonymous'),
  port: whole(0, 65_535).default(3010),
  admin_key: text.optional().describe('the key of the operator: /admin, /usage of all keys, /metrics'),
  admin_key_file: text.optional(),
  allow_anonymous: flag.default(false),
  data_dir: text
    .optional()
    .describe(
      "where the jobs are kept; relative to the folder of this file; left out: .data, of an installed command the user's state directory",
    ),
  store_url: text.optional().describe('redis:// or rediss://: jobs are kept there, and several servers share them'),
  store_url_file: text.optional(),
  files_dir: text.optional().describe('where the files lie that jobs leave; with store_url a folder that all servers share'),
  claude_bin: text.optional().describe('another binary of the Claude CLI than the installed one'),
  max_concurrent: whole(1, 1000).optional().describe('CLI processes at work at once'),
  max_concurrent_total: whole(1, 100_000).optional().describe('with store_url: CLI processes at work at once on all servers together'),
  max_queued: whole(0, 1_000_000).default(100).describe('jobs that wait, before 429'),
  warm_processes: whole(0, 64).default(1).describe('CLI processes kept ready for each model in use'),
  max_processes: whole(1, 2000).optional().describe('all CLI processes'),
  process_per_job: flag.default(false).describe('no process is asked a second question'),
  retry_rate_limits: flag.default(true),
  start_probe: flag.default(true),
  drain_s: whole(0, 86_400).default(5).describe('how long running answers may still take after SIGTERM'),
  job_timeout_s: whole(1, 604_800).default(1800),
  idle_timeout_s: whole(1, 604_800).default(300).describe('longest silence of the CLI'),
  task_ttl_s: whole(1, 31_536_000).default(86_400).describe('how long finished tasks stay readable'),
  workspace_max_mb: whole(1, 1_000_000).default(256),
  workspace_max_files: whole(1, 100_000).default(2000),
  webhook_secret: text.optional(),
  webhook_secret_file: text.optional(),
  webhook_allowed_hosts: texts.optional(),
  sampling: z.enum(['ignore', 'pass'], 'must be ignore or pass').default('ignore'),
  answer_cache_s: whole(0, 31_536_000).default(0),
  reader_lag_mb: whole(1, 1_000_000).default(8),
  write_timeout_s: whole(1, 86_400).default(60),
  max_streams: whole(1, 1_000_000).default(100),
  stored_mb: whole(1, 1_000_000_000).optional(),
  log_level: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
  log_prompts: flag.default(false).describe('prompts and answers stand in traces'),
})

const priceSchema = z.strictObject({
  input: usd,
  output: usd,
  cache_read: usd.optional().describe('left out: as input'),
  cache_write: usd.optional().describe('for five minutes; left out: 1.25 times input'),
  hour_cache_write: usd.optional().describe('left out: twice input'),
})

const modelSchema = z.strictObject({
  way: z.enum(['block', 'poll'], 'must be block or poll').optional().describe('how the answer is given where a request does not say it'),
  timeout_s: whole(1, 604_800).optional().describe('limit of a job of this model, in place of job_timeout_s'),
  price: priceSchema.optional().describe('US dollars for a million tokens'),
})

/** `default` beside models by their names. */
const modelsSchema = z
  .object({
    default: text
      .regex(/^[a-z][a-z0-9.[\]-]*$/i, 'must be a model name of the Claude CLI, such as sonnet')
      .default('sonnet')
      .describe('model of `max` and `max/<label>`'),
  })
  .catchall(modelSchema)

const keySchema = z
  .strictObject({ name: text.optional(), key: text.optional(), key_file: text.optional() })
  .refine(({ key, key_file: file }) => (key === undefined) !== (file === undefined), 'must have one of key and key_file')

export const configSchema = z.strictObject({
  server: serverSchema.prefault({}),
  models: modelsSchema.prefault({}),
  aliases: z
    .record(text.regex(/^[\x21-\x7e]{1,120}$/, 'must be one word of ASCII, with at most 120 characters'), text)
    .prefault({})
    .describe('further names of models'),
  keys: z.array(keySchema).optional().describe('who may ask'),
  limits: limitsSchema.prefault({}),
  providers: providersSchema.prefault({}).describe('OpenAI-compatible providers of models that are not Claude’s'),
  mcp: z
    .strictObject({
      config: text.optional().describe('file of the registry; relative to the folder of this file'),
      allow: z.enum(['registry', 'any'], 'must be registry or any').default('registry'),
      start_timeout_s: whole(1, 600).default(10),
    })
    .prefault({}),
  origins: texts.default([]).describe('further origins of browsers that are let in'),
  hosts: texts.default([]).describe('further Host names that are let in where no key is asked for'),
})

export type Values = z.infer<typeof configSchema>
