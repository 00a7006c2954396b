/** The jobs of this server, and the executors that run them. */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { FittedExecutor } from '../claude/fitted-executor.js'
import { endLines } from '../end-line.js'
import { Jobs } from '../jobs/jobs.js'
import { type JobObserver, observers } from '../jobs/observer.js'
import { Places } from '../jobs/places.js'
import type { RedisConnection } from '../jobs/redis/connection.js'
import type { JobTokens } from '../jobs/tokens.js'
import type { ChatOptions } from '../openai/in/chat-options.js'
import { parseChat } from '../openai/in/parse-chat.js'
import type { InnerRequest } from '../request/job-request.js'
import { modelKey } from '../request/model-settings.js'
import { RedisReplicas } from '../replicas/replicas.js'
import type { Quotas } from '../quotas/quotas.js'
import { traced } from '../telemetry/traced.js'
import { byKind, oneModel } from '../upstreams/by-kind.js'
import { FallbackExecutor } from '../upstreams/fallbacks.js'
import { CheckedExecutor } from '../validation/checked-executor.js'
import type { ChildJob } from '../validation/child-jobs.js'

declare module 'fastify' {
  interface FastifyInstance {
    jobs: Jobs
    /** the other servers on the same store; null: this one is alone */
    replicas: RedisReplicas | null
  }
}

export default fp(
  async (app, { tokens }: { tokens: JobTokens }) => {
    const { config, files, quotas, threads, upstreams } = app
    const tracing = { content: config.logPrompts, meter: app.callMeter }
    const single = oneModel({ claude: traced(new FittedExecutor(app.pool), tracing), upstream: traced(upstreams, tracing) })
    const unchecked = byKind(single, new FallbackExecutor(single))
    const places = new Places(app.cliPlaces, upstreams.places)
    const replicas = app.redis === null ? null : openReplicas(app, app.redis, places)
    const jobs = new Jobs({
      store: app.webhooks.store,
      ...(replicas && { replicas }),
      executor: new CheckedExecutor({ executor: unchecked, threads, childRequest: (child) => childRequest(child, app.config) }),
      places,
      maxQueued: config.maxQueued,
      limits: {
        admit: (owner) => quotas.admit(owner),
        admitShared: (owner) => quotas.admitShared(owner),
        storedBytesOf: (owner) => quotas.limitsOf(owner).storedBytes,
        runningOf: (owner) => quotas.limitsOf(owner).running,
        budgetSpent: (owner) => quotas.budgetRefusal(owner) !== null,
      },
      priceOf: (charge, asked) => app.prices.nanoUsd(charge, modelKey(asked, app.config) ?? asked),
      idleTimeoutS: config.idleTimeoutS,
      tracing: app.tracing,
      observer: observers(takingBack(tokens), counting(quotas), app.metrics.jobs, endLines(app.log)),
      isRevoked: (owner) => app.keyRing.isRevoked(owner),
      onForgotten: async (id) => {
        app.pool.forget(id)
        await files.forget(id)
      },
      onTrouble: (message, error, jobId) => app.log.error({ task: jobId, err: error }, message),
    })
    app.decorate('jobs', jobs)
    app.liveConfig.onChange(() => jobs.limitsChanged())
    app.decorate('replicas', replicas)
    if (replicas !== null) app.addHook('onClose', () => replicas.close())
  },
  { name: 'jobs', dependencies: ['telemetry', 'metrics', 'keys', 'files', 'checks', 'claude', 'upstreams', 'webhooks', 'spending'] },
)

/** This server among those that share the store. */
function openReplicas(app: FastifyInstance, connection: RedisConnection, places: Places): RedisReplicas {
  const { log, quotas } = app
  return new RedisReplicas({
    connection,
    dataDir: app.config.dataDir,
    lanes: () => places.all.map((limiter) => ({ name: places.laneOf(limiter), room: () => limiter.free - limiter.waiting })),
    runningOf: (owner) => quotas.limitsOf(owner).running,
    turnsOf: (owner) => quotas.limitsOf(owner).priority ?? 1,
    onKeys() {
      app.readKeys().catch((error: unknown) => log.error({ err: error }, 'keys that another server has changed could not be read'))
    },
    onTrouble: (message, error) => log.error({ err: error }, message),
  })
}

/** A job's token goes with the job. */
function takingBack(tokens: JobTokens): JobObserver {
  return {
    answering: () => {},
    left: (id) => tokens.takeBack(id),
    ended: ({ id }) => tokens.takeBack(id),
  }
}

/** What is spent counts against its owner's limits. */
function counting(quotas: Quotas): JobObserver {
  return {
    answering: () => {},
    charged: ({ owner }, { tokens }, nanoUsd) => quotas.charged(owner, tokens, nanoUsd),
    ended: () => {},
  }
}

/** A validator's question as any client would ask it -> a request of the executor's. Throws BridgeError `model_not_found`. */
function childRequest(child: ChildJob, options: ChatOptions): InnerRequest {
  const { model = options.claudeModel, system, prompt, outputSchema, tools } = child
  const { run } = parseChat(
    {
      model,
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: prompt },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'verdict', schema: outputSchema } },
      ...tools,
    },
    options,
  )
  return run
}
