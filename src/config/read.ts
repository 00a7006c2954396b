/**
 * The environment, and the file that it names in `CONFIG` -> one frozen, validated object. docs/configuration.md has the names and defaults.
 */
import path from 'node:path'
import { McpPolicy } from '../../mcp/job/merge.js'
import { BadRegistry, loadRules } from '../../mcp/job/registry.js'
import { type ApiKey, checkApiKeys, type KeyEntry, readAdminKey } from '../api-keys.js'
import { aliasModelsOf } from '../claude/process/alias-models.js'
import { ConfigError } from '../errors/config-error.js'
import { readAllowedHosts as readHostNames } from '../http/host-names.js'
import { readAllowedOrigins } from '../http/origins.js'
import { readAllowedHosts } from '../net/allowed-hosts.js'
import { toProviders } from '../upstreams/settings.js'
import { name as packageName } from '../version.js'
import { readWebhookSecret } from '../webhooks/secret.js'
import type { Config } from './config.js'
import { defaultDataDir } from './data-dir.js'
import { placed } from './environment.js'
import { isLoopback } from './exposure.js'
import { gather, type Gathered } from './gather.js'
import { readModels } from './models.js'
import { readSecretFile, withSecretFiles } from './secret-files.js'
import { defaultConcurrency, defaultProcesses } from './sizes.js'

/** Compiled, this file lies three folders below it. */
const packageRoot = path.join(import.meta.dirname, '../../..')

const megabyte = 1024 * 1024

/** @throws ConfigError with one line that names the variable, or the member of the file, and what it takes */
export function readConfig(given: NodeJS.ProcessEnv): Readonly<Config> {
  const env = withSecretFiles(given)
  const gathered = gather(env)
  const { values, nameOf } = gathered
  const { server } = values
  const { host = '127.0.0.1' } = server
  const exposed = !isLoopback(host)
  const apiKeys = readKeys(gathered, exposed)
  // with ADMIN_KEY keys can be made, and nothing else is let in before
  if (apiKeys.length === 0 && server.admin_key === undefined && !server.allow_anonymous && exposed) {
    const named = JSON.stringify(host)
    throw new ConfigError(
      `${nameOf('server', 'host')}: ${named} is reachable from other machines, so set API_KEYS, or ADMIN_KEY to make keys with (or ALLOW_ANONYMOUS=1 to let anyone in)`,
    )
  }
  const maxConcurrent = server.max_concurrent ?? defaultConcurrency()
  const maxProcesses = server.max_processes ?? defaultProcesses(maxConcurrent)
  if (maxProcesses < maxConcurrent) {
    const place = nameOf('server', 'max_processes')
    throw new ConfigError(`${place}: ${maxProcesses} is below MAX_CONCURRENT (${maxConcurrent}): each job at work needs a process`)
  }
  if (server.max_concurrent_total !== undefined && server.store_url === undefined) {
    const place = nameOf('server', 'max_concurrent_total')
    throw new ConfigError(`${place}: it is for several servers on one STORE_URL; one alone has MAX_CONCURRENT`)
  }
  const upstreams = placed(nameOf('providers'), () => toProviders(values.providers, server.idle_timeout_s))
  const { webhook_secret: secret, webhook_allowed_hosts: webhookHosts } = server
  return Object.freeze({
    host,
    bothLoopbacks: server.host === undefined || host === 'localhost',
    port: server.port,
    apiKeys,
    adminKey: placed(nameOf('server', 'admin_key'), () => readAdminKey(server.admin_key, apiKeys)),
    allowedHosts: listOf(nameOf('hosts'), values.hosts, readHostNames),
    allowedOrigins: listOf(nameOf('origins'), values.origins, readAllowedOrigins),
    dataDir: path.resolve(server.data_dir ?? defaultDataDir(packageRoot, packageName, env)),
    storeUrl: readStoreUrl(server.store_url, nameOf('server', 'store_url')),
    filesDir: server.files_dir === undefined ? undefined : path.resolve(server.files_dir),
    claudeBin: server.claude_bin,
    ...readModels(gathered, upstreams),
    limits: values.limits,
    maxConcurrent,
    maxConcurrentTotal: server.max_concurrent_total,
    maxQueued: server.max_queued,
    warmProcesses: server.warm_processes,
    maxProcesses,
    processPerJob: server.process_per_job,
    startProbe: server.start_probe,
    retryRateLimits: server.retry_rate_limits,
    allowAnonymous: server.allow_anonymous,
    drainS: server.drain_s,
    jobTimeoutS: server.job_timeout_s,
    idleTimeoutS: server.idle_timeout_s,
    taskTtlS: server.task_ttl_s,
    mcp: readMcpPolicy(gathered, env),
    mcpStartTimeoutS: values.mcp.start_timeout_s,
    workspaceLimits: { bytes: server.workspace_max_mb * megabyte, files: server.workspace_max_files },
    webhookSecret: secret === undefined ? undefined : placed(nameOf('server', 'webhook_secret'), () => readWebhookSecret(secret)),
    webhookHosts:
      webhookHosts === undefined
        ? undefined
        : placed(nameOf('server', 'webhook_allowed_hosts'), () => readAllowedHosts(webhookHosts.join(','))),
    passSampling: server.sampling === 'pass',
    aliasModels: aliasModelsOf(env),
    answerCacheS: server.answer_cache_s,
    readerLagBytes: server.reader_lag_mb * megabyte,
    writeTimeoutS: server.write_timeout_s,
    maxStreams: server.max_streams,
    storedBytes: server.stored_mb === undefined ? undefined : server.stored_mb * megabyte,
    logLevel: server.log_level,
    logPrompts: server.log_prompts,
    upstreams,
  })
}

/** Its password is in no message. */
function readStoreUrl(url: string | undefined, place: string): string | undefined {
  if (url === undefined) return undefined
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !['redis:', 'rediss:'].includes(parsed.protocol) || parsed.hostname === '') {
    const scheme = /^[a-z][a-z0-9+.-]{0,20}(?=:)/i.exec(url)?.[0]
    const found = scheme === undefined ? '' : `, and not ${scheme}://`
    throw new ConfigError(`${place}: must be redis://host:port or rediss://host:port${found}; without it jobs are kept in DATA_DIR`)
  }
  return url
}

function readKeys({ values, nameOf }: Gathered, exposed: boolean): readonly ApiKey[] {
  const variable = nameOf('keys') === 'API_KEYS'
  const entries = (values.keys ?? []).map(({ name, key, key_file: file }, index): KeyEntry => {
    return { name, key: key ?? readSecretFile(file!, `CONFIG: keys[${index}].key_file`) }
  })
  return variable ? checkApiKeys(entries, exposed) : checkApiKeys(entries, exposed, (index) => `CONFIG: keys[${index}]`)
}

/** Relative paths of the variable start at the folder of the package, wherever the server was started from. */
function readMcpPolicy({ values, nameOf }: Gathered, env: NodeJS.ProcessEnv): McpPolicy {
  const { config: file, allow } = values.mcp
  try {
    return new McpPolicy(loadRules(path.resolve(packageRoot, file ?? '.mcp.json'), file !== undefined, allow === 'any', env))
  } catch (error) {
    // the package's own registry was not set
    if (error instanceof BadRegistry)
      throw new ConfigError(`${file === undefined ? 'MCP_CONFIG' : nameOf('mcp', 'config')}: ${error.message}`)
    throw error
  }
}

function listOf(place: string, list: readonly string[], read: (text: string) => readonly string[]): readonly string[] {
  return list.length === 0 ? [] : placed(place, () => read(list.join(',')))
}
