/** The Claude CLI: what is known of it, and its processes. */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { CliCheck } from '../claude/check/background.js'
import { StartProbe } from '../claude/check/start-probe.js'
import { abilitiesOf, noAbilities } from '../claude/check/verdict.js'
import { ClaudeExecutor } from '../claude/executor.js'
import type { ClaudeSetup } from '../claude/setup.js'
import type { WarmSizes } from '../claude/pool/setup.js'
import type { ClaudeBinary } from '../claude/process/binary.js'
import { baseEnvironment, credentialKind, notPassed } from '../claude/process/environment.js'
import { Subscription, limitHeaders } from '../claude/subscription.js'
import { ClaudeStatus } from '../claude/status.js'
import { anonymous } from '../api-keys.js'
import type { Config } from '../config.js'
import { depthBelow } from '../intake/depth.js'
import type { JobTokens } from '../jobs/tokens.js'
import { Limiter } from '../limiter.js'
import { LeasedLimiter } from '../replicas/leased-limiter.js'
import type { CheckThreads } from '../validation/thread/check-threads.js'

declare module 'fastify' {
  interface FastifyInstance {
    claude: ClaudeStatus
    /** what the CLI was seen to do */
    cliCheck: CliCheck
    /** whether it starts as a job starts it */
    startProbe: StartProbe
    /** what is left of the subscription behind the CLI's login */
    subscription: Subscription
    /** the processes kept ready */
    pool: ClaudeExecutor
    /** of jobs that run on the CLI, so many at once */
    cliPlaces: Limiter
  }
}

export interface ClaudePluginOptions {
  /** the environment the CLI's own is taken from */
  env: NodeJS.ProcessEnv
  /** with which jobs ask this server */
  tokens: JobTokens
  /** in place of what `warmSizes` finds */
  warm?: Partial<WarmSizes> | undefined
}

export default fp(
  async (app, { env, tokens, warm }: ClaudePluginOptions) => {
    const { config, files } = app
    const warnOfAny = ({ mcp }: Config) => {
      if (mcp.rules.allowAny) app.log.warn('MCP_ALLOW=any: every client of this server may run any command as its user')
    }
    warnOfAny(config)
    app.liveConfig.onChange((now, before) => {
      if (!before.mcp.rules.allowAny) warnOfAny(now)
    })
    const cliEnv = baseEnvironment(env)
    const kept = notPassed(env)
    if (kept.length > 0)
      app.log.warn(`not passed to the Claude CLI, whose settings are the requests' (docs/claude-cli.md): ${kept.join(', ')}`)
    const bounds = { bound: config.maxConcurrent, turnsOf: (owner: string) => app.quotas.limitsOf(owner).priority ?? 1 }
    const { redis } = app
    const places =
      redis === null || config.maxConcurrentTotal === undefined
        ? new Limiter(bounds)
        : new LeasedLimiter({ ...bounds, connection: redis, name: 'process', total: config.maxConcurrentTotal })
    const checked = {
      binary: (): ClaudeBinary => claude.current(),
      ...{ credential: credentialKind(env), env: cliEnv, workspaceRoot: app.workspaceRoot },
      quiet: () => places.running === 0,
    }
    const probe = new StartProbe({
      ...checked,
      onResult: (problem, error) => {
        if (problem !== null) app.log.error(`the Claude CLI does not answer as jobs need it: ${problem.text}`)
        else if (error !== undefined) app.log.warn({ err: error }, 'the start of the Claude CLI could not be probed')
        else app.log.info('the Claude CLI was started as for a job, and answered')
      },
    })
    const claude = new ClaudeStatus(config.claudeBin, env, cliEnv, undefined, config.startProbe ? probe : undefined)
    const check = new CliCheck({
      ...checked,
      onVerdict: (verdict, error) => {
        const abilities = verdict === null ? noAbilities : abilitiesOf(verdict)
        if (error !== undefined)
          app.log.error({ err: error }, 'the Claude CLI could not be checked; each question gets a process of its own')
        else app.log.info({ ...verdict, ...abilities }, 'the Claude CLI was checked')
      },
    })
    const subscription = new Subscription()
    // as it was told last: with the answer that tells it anew, the head may be out already
    app.addHook('preHandler', async ({ letIn }, reply) => {
      if (letIn) reply.headers(limitHeaders(subscription.limits))
    })
    const executor = new ClaudeExecutor({
      places,
      subscription,
      outputProblem: outputProblemBy(app.threads),
      binary: () => claude.current(),
      credential: claude.credential,
      env: cliEnv,
      workspaceRoot: app.workspaceRoot,
      begin: () => claude.begin(),
      observe: (outcome, owner, jobId) => claude.observe(outcome, owner, jobId),
      checked: claude.checked,
      onFault: (error) => app.log.error({ err: error }, 'what a Claude CLI process wrote could not be dealt with; the process is ended'),
      onOddLine: (line, pid) => app.log.warn({ ...line, pid }, 'a Claude CLI process wrote a line that is none of its messages'),
      onStartFailure: (cause) => app.log.warn(`a Claude CLI process could not be made ready: ${cause}`),
      inside: {
        rules: () => app.config.mcp.rules,
        env,
        startTimeoutMs: () => app.config.mcpStartTimeoutS * 1000,
        limits: config.workspaceLimits,
        files,
        bridge: ({ jobId, owner, request }) => ({
          ...bridgeOf(app, tokens.issue(jobId, owner)),
          CLAUDE_BRIDGE_DEPTH: depthBelow(request),
        }),
      },
      warm: { ...warmSizes(config), ...warm },
      maxProcesses: config.maxProcesses,
      origin: () => claude.origin,
      abilities: () => check.abilities(),
      // on a server that lets in strangers that name stands for any of them
      isShared: (owner) => config.allowAnonymous && owner === anonymous,
    })
    app.decorate('claude', claude)
    app.decorate('subscription', subscription)
    app.decorate('cliCheck', check)
    app.decorate('startProbe', probe)
    app.decorate('pool', executor)
    app.decorate('cliPlaces', places)
  },
  { name: 'claude', dependencies: ['files', 'checks'], decorators: { fastify: ['config'] } },
)

/** A check that could not be made is a reason not to give the answer. */
function outputProblemBy(threads: CheckThreads): NonNullable<ClaudeSetup['outputProblem']> {
  return (schema, value, by) =>
    threads
      .run('output', { schema, value }, by)
      .catch((error: unknown) => `it could not be checked: ${error instanceof Error ? error.message : String(error)}`)
}

/** Where a job finds this server, and the token to ask it with: never its owner's key, which is good for more than the job's life. */
function bridgeOf(app: FastifyInstance, token: string | undefined): { CLAUDE_BRIDGE_URL?: string; CLAUDE_BRIDGE_KEY?: string } {
  const address = app.server.address()
  return {
    ...(typeof address === 'object' &&
      address !== null && { CLAUDE_BRIDGE_URL: `http://${reachable(address.address)}:${address.port}/mcp` }),
    ...(token !== undefined && { CLAUDE_BRIDGE_KEY: token }),
  }
}

/** On all addresses means on this machine's own, too. */
function reachable(address: string): string {
  if (address === '0.0.0.0' || address === '::') return '127.0.0.1'
  return address.includes(':') ? `[${address}]` : address
}

const idleMs = 5 * 60_000

/** Room for several profiles. All processes together are bounded elsewhere, so as many may wait as there are. */
function warmSizes({ warmProcesses, maxProcesses, maxConcurrent, processPerJob }: Config): WarmSizes {
  const total = Math.min(warmProcesses * 4, Math.max(warmProcesses, Math.floor(maxProcesses / 2)))
  return {
    perProfile: warmProcesses,
    total,
    parked: warmProcesses === 0 || processPerJob ? 0 : Math.max(maxConcurrent, maxProcesses - total),
    idleMs,
  }
}
