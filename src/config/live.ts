/**
 * The configuration of a server that runs. It can be read again: what can change takes effect for what is asked from then on, and what
 * needs another start stays as it is and is named.
 */
import { isDeepStrictEqual } from 'node:util'
import { ConfigError } from '../errors/config-error.js'
import type { Config } from './config.js'
import { isLoopback } from './exposure.js'

/** A member of the file, or a variable of the environment, by which a part of the configuration is named. */
type Name = string

/** What takes effect without another start. */
const live: Partial<Record<keyof Config, Name>> = {
  claudeModel: 'models',
  models: 'models',
  prices: 'models',
  aliases: 'aliases',
  apiKeys: 'keys',
  limits: 'limits',
  upstreams: 'providers',
  mcp: 'mcp',
  mcpStartTimeoutS: 'mcp',
  allowedOrigins: 'origins',
  allowedHosts: 'hosts',
  adminKey: 'ADMIN_KEY',
  passSampling: 'SAMPLING',
  retryRateLimits: 'RETRY_RATE_LIMITS',
  jobTimeoutS: 'JOB_TIMEOUT_S',
  taskTtlS: 'TASK_TTL_S',
  logLevel: 'LOG_LEVEL',
}

/** What needs another start. */
const fixed: Partial<Record<keyof Config, Name>> = {
  host: 'HOST',
  bothLoopbacks: 'HOST',
  port: 'PORT',
  allowAnonymous: 'ALLOW_ANONYMOUS',
  dataDir: 'DATA_DIR',
  storeUrl: 'STORE_URL',
  filesDir: 'FILES_DIR',
  claudeBin: 'CLAUDE_BIN',
  maxConcurrent: 'MAX_CONCURRENT',
  maxConcurrentTotal: 'MAX_CONCURRENT_TOTAL',
  maxQueued: 'MAX_QUEUED',
  warmProcesses: 'WARM_PROCESSES',
  maxProcesses: 'MAX_PROCESSES',
  processPerJob: 'PROCESS_PER_JOB',
  startProbe: 'START_PROBE',
  drainS: 'DRAIN_S',
  idleTimeoutS: 'IDLE_TIMEOUT_S',
  workspaceLimits: 'WORKSPACE_MAX_MB, WORKSPACE_MAX_FILES',
  webhookSecret: 'WEBHOOK_SECRET',
  webhookHosts: 'WEBHOOK_ALLOWED_HOSTS',
  answerCacheS: 'ANSWER_CACHE_S',
  readerLagBytes: 'READER_LAG_MB',
  writeTimeoutS: 'WRITE_TIMEOUT_S',
  maxStreams: 'MAX_STREAMS',
  storedBytes: 'STORED_MB',
  logPrompts: 'LOG_PROMPTS',
}

export interface Reload {
  /** what is other than before, and takes effect */
  changed: Name[]
  /** what is set otherwise than the server was started with */
  needsRestart: Name[]
}

export class LiveConfig {
  private readonly listeners: ((now: Readonly<Config>, before: Readonly<Config>) => void)[] = []

  /** @param read throws ConfigError */
  constructor(
    private now: Readonly<Config>,
    private readonly read: () => Readonly<Config>,
  ) {}

  get current(): Readonly<Config> {
    return this.now
  }

  /** Calls `listener` after each change, in the same step. It must not throw. */
  onChange(listener: (now: Readonly<Config>, before: Readonly<Config>) => void): void {
    this.listeners.push(listener)
  }

  /**
   * All in one step: no request sees a part of it.
   *
   * @throws ConfigError; then nothing has changed
   */
  reload(): Reload {
    const before = this.now
    const read = this.read()
    if (!isLoopback(before.host)) requireLongKeys(read)
    const stays = new Set(membersOf(fixed))
    // whether a key is asked for is decided at the start, and whether there is an operator
    if (read.apiKeys.length > 0 !== before.apiKeys.length > 0) stays.add('apiKeys')
    if ((read.adminKey !== undefined) !== (before.adminKey !== undefined)) stays.add('adminKey')
    const differing = membersOf({ ...live, ...fixed }).filter((member) => !isSame(read[member], before[member]))
    const kept = Object.fromEntries([...stays].map((member) => [member, before[member]]))
    this.now = Object.freeze({ ...read, ...kept })
    for (const listener of this.listeners) listener(this.now, before)
    const named = (members: (keyof Config)[]) => [...new Set(members.map((member) => live[member] ?? fixed[member] ?? member))]
    return {
      changed: named(differing.filter((member) => !stays.has(member))),
      needsRestart: named(differing.filter((member) => stays.has(member))),
    }
  }
}

function membersOf(names: Partial<Record<keyof Config, Name>>): (keyof Config)[] {
  return Object.keys(names) as (keyof Config)[]
}

/** A URL has no members to compare; as JSON it is its text. */
function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other) && JSON.stringify(one) === JSON.stringify(other)
}

/** Other machines reach this server, whatever the new file says of its address. */
function requireLongKeys({ apiKeys }: Config): void {
  if (apiKeys.some(({ key }) => key.length < 16)) {
    throw new ConfigError('API_KEYS: a key has fewer than 16 characters, and other machines reach this server')
  }
}
