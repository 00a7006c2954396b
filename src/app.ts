/** Composition: plugins and routes in their order. Holds no feature. */
import path from 'node:path'
import autoload from '@fastify/autoload'
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import bridge from './bridge.js'
import type { WarmSizes } from './claude/pool/setup.js'
import type { Config } from './config.js'
import { withSecretFiles } from './config/secret-files.js'
import { type Timing, defaultTiming } from './http/timing.js'
import { type HttpLimits, defaultLimits } from './http/limits.js'
import { isKeyAskedFor } from './keyed.js'
import { KeyRing } from './keys/ring.js'
import type { NetOptions } from './net/public-agent.js'
import answerCache from './plugins/answer-cache.js'
import answers from './plugins/answers.js'
import auth from './plugins/auth.js'
import azure from './plugins/azure.js'
import body from './plugins/body.js'
import closing from './plugins/closing.js'
import settings from './plugins/config.js'
import connections from './plugins/connections.js'
import errors, { onClientError, onFrameworkError } from './plugins/errors.js'
import headers from './plugins/headers.js'
import metrics from './plugins/metrics.js'
import net from './plugins/net.js'
import openapi from './plugins/openapi.js'
import { origins, refusedOrigins } from './plugins/origins.js'
import pages from './plugins/pages.js'
import { plainTarget } from './http/plain-target.js'
import { JobTokens } from './jobs/tokens.js'
import { RequestLines } from './http/request-lines.js'
import requestIds, { requestId } from './plugins/request-id.js'
import telemetry from './plugins/telemetry.js'
import validation from './plugins/validation.js'
import { RequestSpans } from './telemetry/request-spans.js'

declare module 'fastify' {
  interface FastifyInstance {
    timing: Timing
  }
}

export interface AppOptions {
  config: Config
  /** what the configuration was read from, and what the CLI's environment is taken from */
  env: NodeJS.ProcessEnv
  logger: FastifyBaseLogger
  timing?: Partial<Timing>
  /** in place of the usual limits of connections and requests */
  limits?: Partial<HttpLimits>
  /** in place of the sizes that follow from the configuration and the memory */
  warm?: Partial<WarmSizes>
  /** how strangers' URLs are reached; left out: as names mean, and public addresses only */
  net?: NetOptions
  /** milliseconds between the tries of a webhook; left out: hours in the end */
  webhookDelays?: readonly number[]
}

export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { config, logger, warm } = options
  const env = withSecretFiles(options.env)
  const { writeTimeoutS, readerLagBytes } = config
  const timing = { ...defaultTiming, stallMs: writeTimeoutS * 1000, lagBytes: readerLagBytes, ...options.timing }
  const limits = { ...defaultLimits, ...options.limits }
  const spans = new RequestSpans()
  const app = fastify({
    loggerInstance: logger,
    logController: new RequestLines(),
    // a start that takes long is no fault of a plugin: the machine is busy, or a large log is recovered
    pluginTimeout: 60_000,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    http: {
      // what has none is answered in plugins/errors.ts
      requireHostHeader: false,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.checkEveryMs,
    },
    rewriteUrl: plainTarget,
    // jobs refuse what comes while the server ends, in terms that clients understand
    return503OnClosing: false,
    genReqId: requestId,
    childLoggerFactory: (log, bindings, settings, raw) => log.child({ ...bindings, ...spans.bindings(raw) }, settings),
    frameworkErrors: onFrameworkError,
    clientErrorHandler: onClientError,
    // the ids of tasks stand in URLs; nothing that is asked for by name is longer
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
  })
  const ring = new KeyRing()
  // keys are made and revoked while it serves
  const keyed = () => isKeyAskedFor(app.config, ring)
  // tokens are asked about by requests and by jobs, long after the jobs are there
  const tokens = new JobTokens((id) => app.jobs.atWork(id) !== null)
  app.decorate('timing', timing)
  app.decorate('keyRing', ring)
  await app.register(settings, { config, env: options.env })
  await app.register(telemetry, { env: options.env, spans })
  await app.register(headers)
  await app.register(requestIds)
  await app.register(metrics)
  await app.register(connections, { limits })
  await app.register(origins, { keyed })
  await app.register(auth, { apiKeys: config.apiKeys, adminKey: config.adminKey, ring, keyed, tokens, limits })
  await app.register(refusedOrigins)
  await app.register(answers, { limits })
  await app.register(errors)
  await app.register(body, { limits })
  await app.register(azure)
  await app.register(validation)
  await app.register(pages)
  await app.register(net, options.net ?? {})
  await app.register(bridge, { env, tokens, webhookDelays: options.webhookDelays, warm })
  await app.register(answerCache)
  await app.register(closing)
  await app.register(openapi, { keyed })
  await app.register(autoload, { dir: path.join(import.meta.dirname, '../routes'), forceESM: true })
  return app
}
