/**
 * The environment, read once: one frozen, validated object. Names and defaults are those of the API contract, section 1.
 */
import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { McpPolicy } from '../mcp/job/merge.js'
import { BadRegistry, loadRules } from '../mcp/job/registry.js'
import { type ApiKey, readAdminKey, readApiKeys } from './api-keys.js'
import { aliasModelsOf } from './claude/process/alias-models.js'
import { ConfigError } from './errors/config-error.js'
import { readAllowedHosts as readHostNames } from './http/host-names.js'
import { readAllowedOrigins } from './http/origins.js'
import { memoryLimit } from './memory.js'
import type { AliasModels } from './request/model-names.js'
import { type Provider, readUpstreams } from './upstreams/settings.js'
import { type AllowedHost, readAllowedHosts } from './net/allowed-hosts.js'
import { type WebhookSecret, readWebhookSecret } from './webhooks/secret.js'

export { type ApiKey, ConfigError }

const wholeNumber = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, `must be a whole number from ${minimum} to ${maximum}`)
    .transform(Number)
    .pipe(z.number().min(minimum, `must be at least ${minimum}`).max(maximum, `must be at most ${maximum}`))

/** Compiled, this file lies two folders below it. */
const packageRoot = path.join(import.meta.dirname, '../..')

const megabyte = 1024 * 1024

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const environment = z.object({
  HOST: z.string().optional(),
  PORT: wholeNumber(0, 65_535).default(3010),
  API_KEYS: z.string().optional(),
  ADMIN_KEY: z.string().optional(),
  ALLOW_ANONYMOUS: z.enum(['0', '1'], 'must be 0 or 1').default('0'),
  ALLOWED_HOSTS: z.string().default(''),
  ALLOWED_ORIGINS: z.string().default(''),
  DATA_DIR: z.string().default('.data'),
  STORE_URL: z.string().optional(),
  CLAUDE_BIN: z.string().optional(),
  CLAUDE_MODEL: z
    .string()
    .regex(/^[a-z][a-z0-9.[\]-]*$/i, 'must be a model name of the Claude CLI, such as sonnet')
    .default('sonnet'),
  MAX_CONCURRENT: wholeNumber(1, 1000).optional(),
  WARM_PROCESSES: wholeNumber(0, 64).default(1),
  MAX_PROCESSES: wholeNumber(1, 2000).optional(),
  PROCESS_PER_JOB: z.enum(['0', '1'], 'must be 0 or 1').default('0'),
  RETRY_RATE_LIMITS: z.enum(['0', '1'], 'must be 0 or 1').default('1'),
  START_PROBE: z.enum(['0', '1'], 'must be 0 or 1').default('1'),
  MAX_QUEUED: wholeNumber(0, 1_000_000).default(100),
  DRAIN_S: wholeNumber(0, 86_400).default(5),
  JOB_TIMEOUT_S: wholeNumber(1, 604_800).default(1800),
  IDLE_TIMEOUT_S: wholeNumber(1, 604_800).default(300),
  TASK_TTL_S: wholeNumber(1, 31_536_000).default(86_400),
  MCP_CONFIG: z.string().optional(),
  MCP_ALLOW: z.enum(['registry', 'any'], 'must be registry or any').default('registry'),
  MCP_START_TIMEOUT_S: wholeNumber(1, 600).default(10),
  WORKSPACE_MAX_MB: wholeNumber(1, 1_000_000).default(256),
  WORKSPACE_MAX_FILES: wholeNumber(1, 100_000).default(2000),
  WEBHOOK_SECRET: z.string().optional(),
  WEBHOOK_ALLOWED_HOSTS: z.string().optional(),
  SAMPLING: z.enum(['ignore', 'pass'], 'must be ignore or pass').default('ignore'),
  ANSWER_CACHE_S: wholeNumber(0, 31_536_000).default(0),
  UPSTREAMS: z.string().optional(),
  READER_LAG_MB: wholeNumber(1, 1_000_000).default(8),
  WRITE_TIMEOUT_S: wholeNumber(1, 86_400).default(60),
  MAX_STREAMS: wholeNumber(1, 1_000_000).default(100),
  STORED_MB: wholeNumber(1, 1_000_000_000).optional(),
  LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
})

/** Settings of the contract whose own work has not landed: naming one is an error, not a silence. */
const notYet = ['STORE_URL'] as const

export interface Config {
  host: string
  /** `localhost`, or none was named: 127.0.0.1 and, where there is one, ::1 */
  bothLoopbacks: boolean
  port: number
  apiKeys: readonly ApiKey[]
  /** the operator's own; undefined: there is none */
  adminKey: string | undefined
  /** further `Host` names that are let in where no key is asked for */
  allowedHosts: readonly string[]
  /** further origins of browsers that are let in */
  allowedOrigins: readonly string[]
  /** absolute */
  dataDir: string
  /** undefined: the CLI that npm installed */
  claudeBin: string | undefined
  claudeModel: string
  maxConcurrent: number
  maxQueued: number
  /** ready processes kept for each launch profile in use; 0: none, and none is asked a second question either */
  warmProcesses: number
  /** all CLI processes: at work, ready, waiting for another question */
  maxProcesses: number
  /** no process is asked a second question */
  processPerJob: boolean
  /** the CLI is started once as for a job, with a question that does not leave the machine */
  startProbe: boolean
  /** the CLI asks again where the model's API limits it, unless the client does so itself */
  retryRateLimits: boolean
  /** requests without a key are let in, from other machines too */
  allowAnonymous: boolean
  /** how long running answers may still take after SIGTERM */
  drainS: number
  jobTimeoutS: number
  idleTimeoutS: number
  taskTtlS: number
  /** what requests may use of MCP */
  mcp: McpPolicy
  /** how long a job's MCP servers may take to connect, all together */
  mcpStartTimeoutS: number
  /** what a job may have in its workspace */
  workspaceLimits: Readonly<{ bytes: number; files: number }>
  /** undefined: no webhooks are signed, and so none are sent */
  webhookSecret: WebhookSecret | undefined
  /** undefined: none */
  webhookHosts: readonly AllowedHost[] | undefined
  /** `temperature` and `top_p` go to the models that take them */
  passSampling: boolean
  /** see `claude/process/alias-models.ts` */
  aliasModels: AliasModels
  /** seconds that an identical deterministic request gets the same answer; 0: never */
  answerCacheS: number
  /** bytes that a job may say while a stream's reader takes nothing */
  readerLagBytes: number
  /** how long a client may take nothing of its answer */
  writeTimeoutS: number
  /** open event streams of one owner */
  maxStreams: number
  /** what the tasks of one owner may take in the store, files included; undefined: no bound */
  storedBytes: number | undefined
  logLevel: (typeof logLevels)[number]
  /** providers of models that are not Claude's; their keys are not here */
  upstreams: readonly Provider[]
}

/** @throws ConfigError with one line that names the variable and what it takes */
export function readConfig(env: NodeJS.ProcessEnv): Readonly<Config> {
  // an empty variable is how compose files and shells say "not set"
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  for (const name of notYet) {
    if (given[name] !== undefined) throw new ConfigError(`${name}: this version does not support it yet; unset it`)
  }
  const parsed = environment.safeParse(given)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    const name = String(issue.path[0])
    throw new ConfigError(`${name}: ${issue.message}, got ${JSON.stringify(given[name] ?? '')}`)
  }
  const values = parsed.data
  const { HOST: host = '127.0.0.1' } = values
  const apiKeys = readApiKeys(values.API_KEYS, !isLoopback(host))
  // with ADMIN_KEY keys can be made, and nothing else is let in before
  if (apiKeys.length === 0 && values.ADMIN_KEY === undefined && values.ALLOW_ANONYMOUS === '0' && !isLoopback(host)) {
    const named = JSON.stringify(host)
    throw new ConfigError(
      `HOST: ${named} is reachable from other machines, so set API_KEYS, or ADMIN_KEY to make keys with (or ALLOW_ANONYMOUS=1 to let anyone in)`,
    )
  }
  const maxConcurrent = values.MAX_CONCURRENT ?? defaultConcurrency()
  const maxProcesses = values.MAX_PROCESSES ?? defaultProcesses(maxConcurrent)
  if (maxProcesses < maxConcurrent) {
    throw new ConfigError(`MAX_PROCESSES: ${maxProcesses} is below MAX_CONCURRENT (${maxConcurrent}): each job at work needs a process`)
  }
  return Object.freeze({
    host,
    bothLoopbacks: values.HOST === undefined || host === 'localhost',
    port: values.PORT,
    apiKeys,
    adminKey: readAdminKey(values.ADMIN_KEY, apiKeys),
    allowedHosts: listOf('ALLOWED_HOSTS', values.ALLOWED_HOSTS, readHostNames),
    allowedOrigins: listOf('ALLOWED_ORIGINS', values.ALLOWED_ORIGINS, readAllowedOrigins),
    dataDir: path.resolve(values.DATA_DIR),
    claudeBin: values.CLAUDE_BIN,
    claudeModel: values.CLAUDE_MODEL,
    maxConcurrent,
    maxQueued: values.MAX_QUEUED,
    warmProcesses: values.WARM_PROCESSES,
    maxProcesses,
    processPerJob: values.PROCESS_PER_JOB === '1',
    startProbe: values.START_PROBE === '1',
    retryRateLimits: values.RETRY_RATE_LIMITS === '1',
    allowAnonymous: values.ALLOW_ANONYMOUS === '1',
    drainS: values.DRAIN_S,
    jobTimeoutS: values.JOB_TIMEOUT_S,
    idleTimeoutS: values.IDLE_TIMEOUT_S,
    taskTtlS: values.TASK_TTL_S,
    mcp: readMcpPolicy(values.MCP_CONFIG, values.MCP_ALLOW === 'any', env),
    mcpStartTimeoutS: values.MCP_START_TIMEOUT_S,
    workspaceLimits: { bytes: values.WORKSPACE_MAX_MB * megabyte, files: values.WORKSPACE_MAX_FILES },
    webhookSecret: values.WEBHOOK_SECRET === undefined ? undefined : readWebhookSecret(values.WEBHOOK_SECRET),
    webhookHosts: values.WEBHOOK_ALLOWED_HOSTS === undefined ? undefined : readAllowedHosts(values.WEBHOOK_ALLOWED_HOSTS),
    passSampling: values.SAMPLING === 'pass',
    aliasModels: aliasModelsOf(env),
    answerCacheS: values.ANSWER_CACHE_S,
    readerLagBytes: values.READER_LAG_MB * megabyte,
    writeTimeoutS: values.WRITE_TIMEOUT_S,
    maxStreams: values.MAX_STREAMS,
    storedBytes: values.STORED_MB === undefined ? undefined : values.STORED_MB * megabyte,
    logLevel: values.LOG_LEVEL,
    upstreams: upstreamsOf(values.UPSTREAMS, values.IDLE_TIMEOUT_S),
  })
}

/** Relative paths start at the folder of the package, wherever the server was started from. */
function readMcpPolicy(file: string | undefined, allowAny: boolean, env: NodeJS.ProcessEnv): McpPolicy {
  try {
    return new McpPolicy(loadRules(path.resolve(packageRoot, file ?? '.mcp.json'), file !== undefined, allowAny, env))
  } catch (error) {
    if (error instanceof BadRegistry) throw new ConfigError(`MCP_CONFIG: ${error.message}`)
    throw error
  }
}

/**
 * How many CLI processes may work at once: mostly they wait for the model, so four a core; each holds up to 300 MB, so
 * no more than half of the memory.
 */
function defaultConcurrency(): number {
  const byCores = os.availableParallelism() * 4
  const byMemory = Math.floor(memoryLimit() / 2 / (300 * 1024 * 1024))
  return Math.max(1, Math.min(byCores, byMemory, 64))
}

/** One that waits for a question holds some 100 MB of its own; half of the memory is for all of them. */
function defaultProcesses(maxConcurrent: number): number {
  const byMemory = Math.floor(memoryLimit() / 2 / (150 * 1024 * 1024))
  return Math.max(maxConcurrent, Math.min(2 * maxConcurrent, byMemory))
}

function upstreamsOf(text: string | undefined, idleTimeoutS: number): readonly Provider[] {
  try {
    return readUpstreams(text, idleTimeoutS)
  } catch (error) {
    throw new ConfigError(`UPSTREAMS: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function listOf(name: string, text: string, read: (text: string) => readonly string[]): readonly string[] {
  try {
    return text === '' ? [] : read(text)
  } catch (error) {
    throw new ConfigError(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
