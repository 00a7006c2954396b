/** The jobs of this server, with what they stand on: store, executor, and what is known of the CLI. */
import path from 'node:path'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { depthBelow } from '../intake/depth.js'
import { baseEnvironment } from '../claude/process/environment.js'
import { ClaudeExecutor, type ClaudeSetup, type WarmSizes } from '../claude/executor.js'
import { ClaudeStatus } from '../claude/status.js'
import { movesFromPlaces } from '../api-keys.js'
import { type Config, isLoopback } from '../config.js'
import { Jobs } from '../jobs/jobs.js'
import { Places } from '../jobs/places.js'
import { Limiter } from '../limiter.js'
import { type JobObserver, observers } from '../jobs/observer.js'
import type { JobTokens } from '../jobs/tokens.js'
import { endLines } from '../end-line.js'
import { byKind, oneModel } from '../upstreams/by-kind.js'
import { UpstreamExecutor } from '../upstreams/executor.js'
import { FallbackExecutor } from '../upstreams/fallbacks.js'
import { memoryLimit } from '../memory.js'
import { openWebhooks } from '../webhooks/open.js'
import { CheckedExecutor } from '../validation/checked-executor.js'
import { childRequest } from '../child-request.js'
import { type CheckThreads, openCheckThreads } from '../validation/thread/check-threads.js'
import { Compiler } from '../intake/compiler.js'
import { openSqliteStore } from '../jobs/sqlite/store.js'
import { workspaceMarker } from '../claude/process/environment.js'
import { KeptFiles } from '../../workspace/kept-files.js'
import { removeLeftovers } from '../../workspace/leftovers.js'
import { closeWorkspaceRoot, openWorkspaceRoot } from '../../workspace/workspace.js'

declare module 'fastify' {
  interface FastifyInstance {
    jobs: Jobs
    /** what jobs have left */
    files: KeptFiles
    /** compiles what requests bring */
    compiler: Compiler
    /** the processes kept ready */
    pool: ClaudeExecutor
    claude: ClaudeStatus
    /** the providers of other models */
    upstreams: UpstreamExecutor
    /**
     * Takes up what an earlier server left, and begins what goes on by itself. Happens when the server listens: one that cannot would
     * start jobs, have them paid for, and end. An app that does not listen needs the call; a second one is the same.
     */
    recover(): Promise<void>
  }
}

export interface JobsPluginOptions {
  config: Config
  /** the environment the CLI's own is taken from */
  env: NodeJS.ProcessEnv
  /** with which jobs ask this server */
  tokens: JobTokens
  /** milliseconds between the tries of a webhook; left out: hours in the end */
  webhookDelays?: readonly number[] | undefined
  /** in place of what `warmSizes` finds */
  warm?: Partial<WarmSizes>
}

const jobsPlugin: FastifyPluginAsync<JobsPluginOptions> = async (app, { config, env, tokens, warm, webhookDelays }) => {
  // first of all the lock on the data directory: what is left behind in it belongs to nobody else then
  const store = await openSqliteStore({
    dataDir: config.dataDir,
    owners: {
      moves: movesFromPlaces(config.apiKeys),
      onMoved: (moved, left) =>
        app.log.warn({ moved, left }, 'records of keys without a name are moved to names made of hashes of the keys'),
    },
    onUnreadable: ({ id, part }) => app.log.error({ task: id, part }, 'the record of a task cannot be read; it is left as it is'),
  })
  const workspaceRoot = openWorkspaceRoot(config.dataDir)
  const removed = await removeLeftovers(workspaceRoot, workspaceMarker)
  if (removed.processes > 0 || removed.folders > 0) app.log.warn(removed, 'ended what an earlier server had left')

  const cliEnv = baseEnvironment(env)
  const claude = new ClaudeStatus(config.claudeBin, env, cliEnv)
  const files = new KeptFiles(path.join(config.dataDir, 'files'))
  if (config.mcp.rules.allowAny) app.log.warn('MCP_ALLOW=any: whoever may ask this server may run any command as its user')
  const threads = openCheckThreads()
  const places = new Limiter({ bound: config.maxConcurrent })
  const executor = new ClaudeExecutor({
    places,
    outputProblem: outputProblemBy(threads),
    binary: () => claude.current(),
    credential: claude.credential,
    env: cliEnv,
    workspaceRoot,
    begin: () => claude.begin(),
    observe: (outcome, owner) => claude.observe(outcome, owner),
    checked: claude.checked,
    onFault: (error) => app.log.error({ err: error }, 'what a Claude CLI process wrote could not be dealt with; the process is ended'),
    onStartFailure: (cause) => app.log.warn(`a Claude CLI process could not be made ready: ${cause}`),
    inside: {
      rules: config.mcp.rules,
      env,
      startTimeoutMs: config.mcpStartTimeoutS * 1000,
      limits: config.workspaceLimits,
      files,
      bridge: ({ jobId, owner, request }) => ({
        ...bridgeOf(app, config, tokens.issue(jobId, owner)),
        CLAUDE_BRIDGE_DEPTH: depthBelow(request),
      }),
    },
    warm: { ...warmSizes(config), ...warm },
  })
  // with an error it is a fault of ours, without one somebody else's
  const onTrouble = (message: string, error?: unknown) => {
    if (error === undefined) app.log.warn(message)
    else app.log.error({ err: error }, message)
  }
  const webhooks = openWebhooks(store, config, onTrouble, webhookDelays)
  const upstreams = new UpstreamExecutor(config.upstreams, env)
  for (const { name, problem } of upstreams.health) {
    if (problem !== null) app.log.warn(`the provider ${name} cannot be asked: ${problem}`)
  }
  const single = oneModel({ claude: executor, upstream: upstreams })
  const unchecked = byKind(single, new FallbackExecutor(single))
  const jobs = new Jobs({
    store: webhooks.store,
    executor: new CheckedExecutor({ executor: unchecked, threads, childRequest: (child) => childRequest(child, config) }),
    places: new Places(places, upstreams.places),
    maxQueued: config.maxQueued,
    idleTimeoutS: config.idleTimeoutS,
    observer: observers(takingBack(tokens), app.metrics.jobs, endLines(app.log)),
    onForgotten: (id) => files.forget(id),
    onTrouble: (message, error, jobId) => app.log.error({ task: jobId, err: error }, message),
  })
  app.decorate('jobs', jobs)
  app.decorate('compiler', new Compiler((source, by) => threads.run('compile', { source }, by)))
  app.decorate('files', files)
  app.decorate('pool', executor)
  app.decorate('claude', claude)
  app.decorate('upstreams', upstreams)

  let sweeper: NodeJS.Timeout | undefined
  let ending = false
  const takeUp = async () => {
    if (ending) return
    claude.start()
    const recovered = await jobs.start()
    const any = Object.values(recovered).some((count) => count > 0)
    app.log[any ? 'warn' : 'info'](recovered, 'took up what an earlier server had left')
    if (ending) return
    webhooks.start()
    sweeper = setInterval(() => {
      files.sweep((ids) => jobs.known(ids)).catch((error: unknown) => onTrouble('files of tasks could not be looked through', error))
    }, sweepEveryMs)
    sweeper.unref()
  }
  let recovery: Promise<void> | null = null
  app.decorate('recover', () => (recovery ??= takeUp()))
  // before the server waits for its connections: their jobs' ends are what lets them go
  app.addHook('preClose', async () => {
    ending = true
    claude.stop()
    await jobs.stopAll()
    await webhooks.close()
    await Promise.all([executor.close(), upstreams.close(), threads.close()])
  })
  app.addHook('onListen', async () => {
    // other hooks need not wait for it; who listens is told how it ends, as it waits for it as well
    app.recover().catch((error: unknown) => app.log.error({ err: error }, 'what an earlier server had left could not be taken up'))
    const prepared = claude.checked.then(() => executor.prepare(config.claudeModel))
    prepared.catch((error: unknown) => onTrouble('no process could be made ready', error))
  })
  app.addHook('onClose', async () => {
    clearInterval(sweeper)
    await closeWorkspaceRoot(workspaceRoot)
    await store.close()
  })
}

export default fp(jobsPlugin, { name: 'jobs' })

/** A check that could not be made is a reason not to give the answer. */
function outputProblemBy(threads: CheckThreads): NonNullable<ClaudeSetup['outputProblem']> {
  return (schema, value, by) =>
    threads
      .run('output', { schema, value }, by)
      .catch((error: unknown) => `it could not be checked: ${error instanceof Error ? error.message : String(error)}`)
}

/** Files of tasks that have expired go within this. */
const sweepEveryMs = 60_000

/** A job's token goes with the job. */
function takingBack(tokens: JobTokens): JobObserver {
  return {
    answering: () => {},
    ended: ({ id }) => tokens.takeBack(id),
  }
}

/** Where a job finds this server, and the token to ask it with: never its owner's key, which is good for more than the job's life. */
function bridgeOf(
  app: FastifyInstance,
  { host }: Config,
  token: string | undefined,
): { CLAUDE_BRIDGE_URL?: string; CLAUDE_BRIDGE_KEY?: string } {
  const address = app.server.address()
  // on all addresses means on this machine's own, too
  const reachable = isLoopback(host) ? host : ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host
  const named = reachable.includes(':') ? `[${reachable}]` : reachable
  return {
    ...(typeof address === 'object' && address !== null && { CLAUDE_BRIDGE_URL: `http://${named}:${address.port}/mcp` }),
    ...(token !== undefined && { CLAUDE_BRIDGE_KEY: token }),
  }
}

/** A process that only waits holds some 100 MB of its own; a quarter of the memory is for those. */
const waitingBytes = 150 * 1024 * 1024
const idleMs = 5 * 60_000

/** Room for several profiles and conversations beside the busy processes, as the memory allows. */
function warmSizes({ warmProcesses, maxConcurrent }: Config): WarmSizes {
  const room = Math.max(1, Math.floor(memoryLimit() / 4 / waitingBytes))
  if (warmProcesses === 0) return { perProfile: 0, total: 0, parked: 0, idleMs }
  const total = Math.min(warmProcesses * 4, Math.max(warmProcesses, Math.floor(room / 2)))
  return { perProfile: warmProcesses, total, parked: Math.max(1, Math.min(maxConcurrent, room - total)), idleMs }
}
