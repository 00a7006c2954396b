/** The variables of the environment, each with its place in the configuration. */
import { splitApiKeys } from '../api-keys.js'
import { ConfigError } from '../errors/config-error.js'
import { readUpstreamsText } from '../upstreams/settings.js'

/** Where a value stands: a member of the file, and a member of that one. */
export type Place = readonly [section: string, member?: string]

type Read = (text: string, name: string) => unknown

const asText: Read = (text) => text
/** What is no number is the schema's to refuse. */
const asNumber: Read = (text) => (/^\d{1,12}$/.test(text) ? Number(text) : text)
const asList: Read = (text) => text.split(',')
const asFlag: Read = (text, name) => {
  if (text !== '0' && text !== '1') throw new ConfigError(`${name}: must be 0 or 1, got ${JSON.stringify(text)}`)
  return text === '1'
}

/** Variables whose place is the member of `server` that has their name in lower case. */
const ofServer: Record<string, Read> = {
  HOST: asText,
  PORT: asNumber,
  ADMIN_KEY: asText,
  ALLOW_ANONYMOUS: asFlag,
  DATA_DIR: asText,
  STORE_URL: asText,
  FILES_DIR: asText,
  CLAUDE_BIN: asText,
  MAX_CONCURRENT: asNumber,
  MAX_CONCURRENT_TOTAL: asNumber,
  MAX_QUEUED: asNumber,
  WARM_PROCESSES: asNumber,
  MAX_PROCESSES: asNumber,
  PROCESS_PER_JOB: asFlag,
  RETRY_RATE_LIMITS: asFlag,
  START_PROBE: asFlag,
  DRAIN_S: asNumber,
  JOB_TIMEOUT_S: asNumber,
  IDLE_TIMEOUT_S: asNumber,
  TASK_TTL_S: asNumber,
  WORKSPACE_MAX_MB: asNumber,
  WORKSPACE_MAX_FILES: asNumber,
  WEBHOOK_SECRET: asText,
  WEBHOOK_ALLOWED_HOSTS: asList,
  SAMPLING: asText,
  ANSWER_CACHE_S: asNumber,
  READER_LAG_MB: asNumber,
  WRITE_TIMEOUT_S: asNumber,
  MAX_STREAMS: asNumber,
  STORED_MB: asNumber,
  LOG_LEVEL: asText,
  LOG_PROMPTS: asFlag,
}

const variables: Record<string, { place: Place; read: Read }> = {
  ...Object.fromEntries(Object.entries(ofServer).map(([name, read]) => [name, { place: ['server', name.toLowerCase()], read }])),
  CLAUDE_MODEL: { place: ['models', 'default'], read: asText },
  MODEL_ALIASES: { place: ['aliases'], read: asAliases },
  API_KEYS: { place: ['keys'], read: splitApiKeys },
  UPSTREAMS: { place: ['providers'], read: (text) => placed('UPSTREAMS', () => readUpstreamsText(text)) },
  MCP_CONFIG: { place: ['mcp', 'config'], read: asText },
  MCP_ALLOW: { place: ['mcp', 'allow'], read: asText },
  MCP_START_TIMEOUT_S: { place: ['mcp', 'start_timeout_s'], read: asNumber },
  ALLOWED_ORIGINS: { place: ['origins'], read: asList },
  ALLOWED_HOSTS: { place: ['hosts'], read: asList },
}

export const variableNames: readonly string[] = Object.keys(variables)

/**
 * What the environment says, each value in its place. An empty variable is how compose files and shells say "not set".
 *
 * @throws ConfigError
 */
export function readVariables(env: NodeJS.ProcessEnv): { name: string; place: Place; value: unknown }[] {
  return Object.entries(variables).flatMap(([name, { place, read }]) => {
    const text = env[name]
    return text === undefined || text === '' ? [] : [{ name, place, value: read(text, name) }]
  })
}

/** `my-opus=opus,gpt-4o=sonnet` */
function asAliases(text: string, name: string): Record<string, string> {
  const aliases = new Map<string, string>()
  for (const entry of text.split(',')) {
    const [, alias, model] = /^\s*([^\s=]+)\s*=\s*(\S+)\s*$/.exec(entry) ?? []
    if (alias === undefined || model === undefined) {
      throw new ConfigError(`${name}: write entries as in my-opus=opus, separated by commas; got ${JSON.stringify(entry)}`)
    }
    if (aliases.has(alias)) throw new ConfigError(`${name}: ${JSON.stringify(alias)} stands there twice`)
    aliases.set(alias, model)
  }
  return Object.fromEntries(aliases)
}

/** Begins the line of any error with the place that it is about, in place of a variable that it may begin with. */
export function placed<T>(place: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`${place}: ${error instanceof ConfigError ? message.replace(/^[A-Z_]+: /, '') : message}`)
  }
}
