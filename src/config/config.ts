/** The configuration as the server reads it: validated, with nothing left to decide. */
import type { McpPolicy } from '../../mcp/job/merge.js'
import type { ApiKey } from '../api-keys.js'
import type { AllowedHost } from '../net/allowed-hosts.js'
import type { AliasModels } from '../request/model-names.js'
import type { ModelSettings } from '../request/model-settings.js'
import type { Price } from '../spending/prices.js'
import type { Provider } from '../upstreams/settings.js'
import type { WebhookSecret } from '../webhooks/secret.js'
import type { Limits } from './limits.js'
import type { Values } from './schema.js'

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
  /** where jobs are kept that several servers share: Redis, with its password; undefined: in `dataDir` */
  storeUrl: string | undefined
  /** where the files lie that jobs leave: absolute; undefined: below `dataDir`, or in Redis */
  filesDir: string | undefined
  /** undefined: the CLI that npm installed */
  claudeBin: string | undefined
  claudeModel: string
  /** further names -> models */
  aliases: ReadonlyMap<string, string>
  /** settings of models, by their one name (`modelKey`) */
  models: ReadonlyMap<string, ModelSettings>
  /** the operator's own prices, by the same names */
  prices: ReadonlyMap<string, Price>
  /** what keys may use */
  limits: Readonly<Limits>
  maxConcurrent: number
  /** of all servers on `storeUrl` together; undefined: no bound but those of each */
  maxConcurrentTotal: number | undefined
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
  logLevel: Values['server']['log_level']
  /** prompts and answers stand in traces */
  logPrompts: boolean
  /** providers of models that are not Claude's; their keys are not here */
  upstreams: readonly Provider[]
}
