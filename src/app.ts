/** Composition: plugins and routes in their order. Holds no feature. */
import path from 'node:path'
import autoload from '@fastify/autoload'
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { WarmSizes } from './claude/executor.js'
import type { Config } from './config.js'
import { type Timing, defaultTiming } from './http/timing.js'
import type { NetOptions } from './net/public-agent.js'
import auth from './plugins/auth.js'
import body from './plugins/body.js'
import connections from './plugins/connections.js'
import errors, { onClientError, onFrameworkError } from './plugins/errors.js'
import jobs from './plugins/jobs.js'
import localOnly from './plugins/local-only.js'
import metrics from './plugins/metrics.js'
import net from './plugins/net.js'
import openapi from './plugins/openapi.js'
import requestIds, { requestId } from './plugins/request-id.js'
import validation from './plugins/validation.js'

declare module 'fastify' {
  interface FastifyInstance {
    config: Config
    timing: Timing
  }
}

export interface AppOptions {
  config: Config
  /** what the CLI's environment is taken from */
  env: NodeJS.ProcessEnv
  logger: FastifyBaseLogger
  timing?: Timing
  /** in place of the sizes that follow from the configuration and the memory */
  warm?: Partial<WarmSizes>
  /** how strangers' URLs are reached; left out: as names mean, and public addresses only */
  net?: NetOptions
  /** milliseconds between the tries of a webhook; left out: hours in the end */
  webhookDelays?: readonly number[]
}

/** Bytes of a request's body: a conversation with many images has to fit. */
const bodyLimit = 64 * 1024 * 1024

export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { config, env, logger, timing = defaultTiming, warm } = options
  const app = fastify({
    loggerInstance: logger,
    bodyLimit,
    // what has none is answered in plugins/errors.ts
    http: { requireHostHeader: false },
    // jobs refuse what comes while the server ends, in terms that clients understand
    return503OnClosing: false,
    genReqId: requestId,
    frameworkErrors: onFrameworkError,
    clientErrorHandler: onClientError,
    // the ids of tasks stand in URLs; nothing that is asked for by name is longer
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
  })
  const keyed = config.apiKeys.length > 0
  app.decorate('config', config)
  app.decorate('timing', timing)
  await app.register(requestIds)
  await app.register(metrics)
  await app.register(errors)
  await app.register(body)
  await app.register(validation)
  await app.register(localOnly, { host: config.host, keyed })
  await app.register(auth, { apiKeys: config.apiKeys })
  await app.register(net, options.net ?? {})
  await app.register(jobs, { config, env, webhookDelays: options.webhookDelays, ...(warm && { warm }) })
  await app.register(connections)
  await app.register(openapi, { keyed })
  await app.register(autoload, { dir: path.join(import.meta.dirname, '../routes'), forceESM: true })
  return app
}
