/** `UPSTREAMS` and `providers` of the configuration file -> the providers. What is wrong ends the start, in one line and without values. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { resolveModel } from '../request/model-names.js'
import { type Dialect, resolveUpstream, type UpstreamModel, type UpstreamProvider } from '../request/upstream-models.js'

/** Seconds. */
export interface UpstreamTimeouts {
  connect: number
  /** from the request to the first byte of the answer */
  firstByte: number
  /** the same of an answer that is not streamed, which has its first byte when it is whole */
  whole: number
  /** longest silence of an answer; comments of a stream count as signs of life */
  idle: number
}

export interface Provider extends UpstreamProvider {
  baseUrl: URL
  /** the variable that holds the key; null: none is sent */
  apiKeyEnv: string | null
  headers: Readonly<Record<string, string>>
  timeouts: Readonly<UpstreamTimeouts>
  /** calls at once */
  maxConcurrent: number
  /** what its operator says of it; what is left out is learnt */
  dialect: Readonly<Partial<Dialect>>
}

/** Names that are Claude's already. */
const taken = ['claude', 'anthropic', 'max']

const seconds = z.number().positive().max(86_400)
const modelName = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be one word of at most 200 characters')

/** Left out: tried, and learnt from a refusal. */
const dialect = { stream: z.boolean().optional(), stream_options: z.boolean().optional() }

const modelSchema = z.strictObject({
  id: modelName,
  long_running: z.boolean().default(false),
  default: z.enum(['block', 'poll']).default('block'),
  timeout: seconds.max(604_800).optional(),
  fallbacks: z.array(modelName).max(8).default([]),
  ...dialect,
})

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^`|~\w-]{1,100}$/, 'must be the name of an HTTP header')
  .refine((name) => !ours.includes(name.toLowerCase()), 'is a header that the bridge sets itself')
const ours = ['content-type', 'content-length', 'host', 'connection', 'transfer-encoding', 'accept', 'accept-encoding']

const providerSchema = z.strictObject({
  base_url: z.string(),
  api_key_env: z
    .string()
    .regex(/^[A-Za-z_]\w{0,100}$/, 'must be the name of an environment variable, not the key itself')
    .refine((name) => !/^(ANTHROPIC_|CLAUDE_)/i.test(name), 'must not begin with ANTHROPIC_ or CLAUDE_: those go to the CLI')
    .optional(),
  models: z.union([z.literal('*'), z.array(z.union([modelName, modelSchema])).min(1)], 'must be "*" or a list of models'),
  headers: z.record(headerName, z.string().regex(/^[\x20-\x7e]*$/, 'must be plain ASCII')).default({}),
  timeouts: z.strictObject({ connect: seconds.optional(), first_byte: seconds.optional(), idle: seconds.optional() }).default({}),
  max_concurrent: z.int().min(1).max(10_000).default(100),
  ...dialect,
})

/** Providers by their names. */
export const providersSchema = z.record(
  z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be of lower-case letters, digits, - and _'),
  providerSchema,
)

/**
 * `idleTimeoutS`: the server's own limit of silence, which no provider's timeout can exceed.
 *
 * @throws Error whose message is one line and holds no value of the settings but names
 */
export function toProviders(settings: z.infer<typeof providersSchema>, idleTimeoutS: number): readonly Provider[] {
  const providers = Object.entries(settings).map(([name, given]) => toProvider(name, given, idleTimeoutS))
  checkNames(providers)
  return Object.freeze(providers)
}

/** The JSON of `UPSTREAMS`, or of the file that it names. @throws Error whose message is one line and quotes nothing */
export function readUpstreamsText(given: string): unknown {
  const text = given.trim()
  const inline = text.startsWith('{')
  let json = text
  if (!inline) {
    try {
      json = readFileSync(text, 'utf8')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw new Error(`must be JSON or the path of a readable file of it (${code ?? 'unreadable'})`)
    }
  }
  try {
    // zod leaves a member of this name out, and what has no effect is never silent
    return JSON.parse(json, (name, value: unknown) => {
      if (name === '__proto__') throw new SyntaxError(name)
      return value
    })
  } catch {
    // the parser's words quote the text, and that may hold a secret
    throw new Error(inline ? 'is not valid JSON' : 'the file is not valid JSON')
  }
}

function toProvider(name: string, given: z.infer<typeof providerSchema>, idleTimeoutS: number): Provider {
  if (taken.includes(name)) throw new Error(`${name}: a provider cannot have this name, which means Claude`)
  const baseUrl = URL.canParse(given.base_url) ? new URL(given.base_url) : null
  if (baseUrl === null || !/^https?:$/.test(baseUrl.protocol)) {
    throw new Error(`${name}.base_url: must be an http or https URL, such as https://host/v1`)
  }
  if (baseUrl.username !== '' || baseUrl.password !== '') {
    throw new Error(`${name}.base_url: must hold no password; name the key's variable in api_key_env`)
  }
  for (const limit of ['first_byte', 'idle'] as const) {
    if ((given.timeouts[limit] ?? 0) > idleTimeoutS) {
      throw new Error(`${name}.timeouts.${limit}: exceeds IDLE_TIMEOUT_S (${idleTimeoutS}), which ends the job first`)
    }
  }
  const models = given.models === '*' ? ['*'] : given.models
  return {
    name,
    baseUrl,
    apiKeyEnv: given.api_key_env ?? null,
    headers: given.headers,
    maxConcurrent: given.max_concurrent,
    dialect: toDialect(given),
    timeouts: {
      connect: given.timeouts.connect ?? 10,
      firstByte: given.timeouts.first_byte ?? Math.min(120, idleTimeoutS),
      whole: given.timeouts.first_byte ?? idleTimeoutS,
      idle: given.timeouts.idle ?? Math.min(120, idleTimeoutS),
    },
    any: models.includes('*'),
    models: models.filter((model) => model !== '*').map(toModel),
  }
}

function toModel(given: string | z.infer<typeof modelSchema>): UpstreamModel {
  const model = typeof given === 'string' ? modelSchema.parse({ id: given }) : given
  return {
    id: model.id,
    longRunning: model.long_running,
    way: model.default,
    fallbacks: model.fallbacks,
    ...(model.timeout !== undefined && { timeoutS: model.timeout }),
    dialect: toDialect(model),
  }
}

function toDialect({
  stream,
  stream_options: options,
}: {
  stream?: boolean | undefined
  stream_options?: boolean | undefined
}): Partial<Dialect> {
  return { ...(stream !== undefined && { stream }), ...(options !== undefined && { streamOptions: options }) }
}

/** Each name has to mean one thing. */
function checkNames(providers: readonly Provider[]): void {
  const seen = new Map<string, string>()
  for (const { name, models } of providers) {
    for (const { id } of models) {
      const isClaude = resolveModel(id, { claudeModel: 'sonnet' }) !== null
      if (isClaude) throw new Error(`${name}.models: "${id}" is one of Claude's names; allow "*" and ask for ${name}/${id}`)
      const other = seen.get(id)
      if (other !== undefined) throw new Error(`${name}.models: "${id}" is listed by ${other} already`)
      const prefix = id.slice(0, Math.max(0, id.indexOf('/'))).toLowerCase()
      if (providers.some((provider) => provider.name === prefix)) {
        throw new Error(`${name}.models: "${id}" reads as a model of the provider ${prefix}`)
      }
      seen.set(id, name)
    }
  }
  for (const { name, models } of providers) {
    for (const fallback of models.flatMap((model) => model.fallbacks)) {
      const known = resolveModel(fallback, { claudeModel: 'sonnet' }) ?? resolveUpstream(fallback, providers)
      if (known === null) throw new Error(`${name}.models: the fallback "${fallback}" is no model that exists here`)
    }
  }
}
