/** The whole bridge in this process: a listening server, the real CLI behind it, the stand-in behind the CLI. */
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import tap, { type Test } from 'tap'
import { buildApp } from '../src/app.js'
import type { WarmSizes } from '../src/claude/pool/setup.js'
import { liveProcessCount } from '../src/claude/process/process.js'
import { readConfig } from '../src/config.js'
import type { Timing } from '../src/http/timing.js'
import { createLogger } from '../src/logger.js'
import type { HttpLimits } from '../src/http/limits.js'
import type { NetOptions } from '../src/net/public-agent.js'
import { openWorkspaceRoot } from '../workspace/workspace.js'
import { type RedisServer, onRedis, startRedis } from './redis.js'
import { openDoor } from './standin/door.js'
import { until } from './until.js'
import { type RecordedRequest, type Standin, type StandinOptions, contains, startStandin } from './standin/index.js'

export { until } from './until.js'

export interface BridgeOptions {
  env?: Record<string, string>
  standin?: StandinOptions
  timing?: Partial<Timing>
  limits?: Partial<HttpLimits>
  warm?: Partial<WarmSizes>
  net?: NetOptions
  webhookDelays?: readonly number[]
  /** There is a model `direct` that asks the stand-in without a CLI, this many jobs at once; see `standin/door.ts`. */
  direct?: number
}

export interface Bridge {
  url: string
  port: number
  app: FastifyInstance
  standin: Standin
  /** every log line so far */
  logs: string[]
  /** POST of JSON; a string goes out as it is */
  post(route: string, body: unknown, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>
  get(route: string, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>
  /** Resolves with the model call that holds the text, once it has come. */
  asked(marker: string): Promise<RecordedRequest>
  /** Resolves when no slot is in use, nothing waits and no CLI process is left but those kept ready; rejects after 20 s. */
  idle(): Promise<void>
}

/** With `TEST_STORE=redis` the jobs of every bridge are kept on Redis: one for the file, with a prefix for each. */
let redis: RedisServer | null = null
async function sharedStore(): Promise<Record<string, string>> {
  if (!onRedis) return {}
  redis ??= await startRedis(tap)
  return { STORE_URL: `${redis.url}?prefix=${randomUUID()}:` }
}

/** Started once per file; at its end nothing of any job may be left, and then everything is removed. */
export async function startBridge(t: Test, options: BridgeOptions = {}): Promise<Bridge> {
  const standin = await startStandin(options.standin)
  const home = mkdtempSync(path.join(os.tmpdir(), 'bridge-edge-'))
  const door = options.direct === undefined ? null : await openDoor(standin.url)
  const env: NodeJS.ProcessEnv = {
    ...environment(home, standin.url),
    ...(await sharedStore()),
    ...(door && { UPSTREAMS: JSON.stringify({ door: { base_url: door.url, models: [direct], max_concurrent: options.direct } }) }),
    ...options.env,
  }
  const logs: string[] = []
  const config = readConfig(env)
  const app = await buildApp({
    config,
    env,
    logger: createLogger('debug', { write: (line: string) => void logs.push(line) }),
    timing: options.timing ?? {},
    ...(options.limits && { limits: options.limits }),
    ...(options.webhookDelays === undefined ? {} : { webhookDelays: options.webhookDelays }),
    ...(options.warm && { warm: options.warm }),
    ...(options.net === undefined ? {} : { net: options.net }),
  })
  await app.listen({ host: config.host, port: config.port })
  await app.recover()
  await app.claude.checked
  const { port } = app.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const workspaces = openWorkspaceRoot(config.dataDir)

  /** Resolves when the ends that have been decided are on the disk, and shown. */
  const stored = async () => {
    await turn()
    await app.store.health().catch(() => undefined)
    await turn()
  }
  const idle = async () => {
    const rest = () => {
      const lanes = [app.jobs.stats('process'), app.jobs.stats('network')]
      const queued = lanes.reduce((sum, lane) => sum + lane.queued, 0)
      const running = lanes.reduce((sum, lane) => sum + lane.running, 0)
      const { ready, starting, parked } = app.pool.stats
      return `${running} slots, ${queued} queued jobs, ${liveProcessCount() - ready - starting - parked} processes`
    }
    if (!(await until(() => rest() === '0 slots, 0 queued jobs, 0 processes'))) throw new Error(`left over: ${rest()}`)
    await stored()
  }

  t.teardown(async () => {
    // an assertion comes too late here; what is thrown fails the file all the same
    const wrong: string[] = []
    await idle().catch((error: Error) => wrong.push(error.message))
    await app.close()
    const folders = existsSync(workspaces) ? readdirSync(workspaces) : []
    wrong.push(...folders.map((folder) => `workspace ${folder} is left`))
    wrong.push(...logs.filter((line) => /"level":[56]0/.test(line)))
    await door?.close()
    await standin.close()
    for (const folder of [home, workspaces]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    if (wrong.length > 0) throw new Error(wrong.join('\n'))
  })

  return {
    ...{ url, port, app, standin, logs, idle },
    post: (route, body, headers = {}, signal) =>
      fetch(url + route, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      }),
    get: (route, headers = {}, signal) => fetch(url + route, { headers, ...(signal === undefined ? {} : { signal }) }),
    async asked(marker) {
      const find = () => standin.calls.find((call) => contains(call, marker))
      await until(() => find() !== undefined)
      const call = find()
      if (call === undefined) throw new Error(`the model was not asked about ${marker}`)
      return call
    },
  }
}

/** What a server in a test starts from: nothing of this machine's user, and the stand-in for a provider. */
export function environment(home: string, standinUrl: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    DATA_DIR: path.join(home, 'data'),
    PORT: '0',
    ANTHROPIC_BASE_URL: standinUrl,
    ANTHROPIC_API_KEY: 'sk-ant-secret-of-the-stand-in',
    // a process kept ready would be taken for one left over
    WARM_PROCESSES: '0',
    // takes the CPU of a question at each start
    START_PROBE: '0',
    // the stand-in has no certificate: reading the system's takes a tenth of the CPU of each start
    CLAUDE_CODE_CERT_STORE: 'bundled',
    // another version than the installed one
    ...(process.env['CLAUDE_BIN'] && { CLAUDE_BIN: process.env['CLAUDE_BIN'] }),
    MAX_CONCURRENT: '4',
  }
}

/** A promise, and what resolves it: for a reply that waits for the test. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open!: () => void
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

/**
 * For `BridgeOptions.warm`, with `WARM_PROCESSES`: conversations go on in their own process, and none is kept ready. A ready one is a start of
 * the CLI that most tests have no use for.
 */
export const onlyParked = { perProfile: 0, total: 0 }

/** A model of which a call can be forced: those that always think take no such choice. */
export const forcible = 'claude-sonnet-4-6'

/** The model of `BridgeOptions.direct`. */
export const direct = 'direct'

/** A user turn alone, for most requests. */
export function ask(content: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: 'sonnet', messages: [{ role: 'user', content }], ...more }
}

/** The same for the model that needs no CLI. */
export const askDirect: typeof ask = (content, more = {}) => ask(content, { model: direct, ...more })

/** What has to happen within a second, with as much again for a busy machine. */
export const promptMs = 2000
