/** The trace of each request, and where spans and metrics go. Without an endpoint nothing of OpenTelemetry is loaded. */
import fp from 'fastify-plugin'
import type { Span, Tracing } from '../jobs/trace.js'
import type { RequestSpans } from '../telemetry/request-spans.js'
import { metricsEveryMs, otlpSettings } from '../telemetry/settings.js'
import type { CallMeter } from '../telemetry/traced.js'

declare module 'fastify' {
  interface FastifyInstance {
    tracing: Tracing
    /** null where nothing is measured for a collector */
    callMeter: CallMeter | null
  }
  interface FastifyRequest {
    /** what is done for it stands below this */
    span: Span
  }
}

/** For what is left at the end; jobs and answers have ended by then. */
const flushMs = 1500

export default fp(
  async (app, { env, spans }: { env: NodeJS.ProcessEnv; spans: RequestSpans }) => {
    const told = (signal: string) => ({
      onTrouble: (error: unknown) =>
        app.log.warn({ err: error }, `${signal} could not be sent; no other line tells it until they are sent again`),
      onRecovered: () => app.log.info(`${signal} are sent again`),
    })
    const traces = otlpSettings(env, 'traces')
    const metrics = otlpSettings(env, 'metrics')
    // one line for what both have wrong
    for (const warning of new Set([traces?.warning, metrics?.warning])) if (warning) app.log.warn(warning)
    if (traces !== null) {
      const { openTracing } = await import('../telemetry/otlp/traces.js')
      const tracing = openTracing({ url: traces.url, ...told('spans') })
      spans.tracing = tracing
      app.addHook('onClose', () => tracing.close(flushMs))
    }
    let meter: CallMeter | null = null
    if (metrics !== null) {
      const { openMetrics } = await import('../telemetry/otlp/metrics.js')
      // what `/metrics` shows is registered later
      const opened = openMetrics({
        url: metrics.url,
        everyMs: metricsEveryMs(env),
        registry: () => app.metrics.register,
        ...told('metrics'),
      })
      meter = opened
      app.addHook('onClose', () => opened.close(flushMs))
    }
    app.decorate('callMeter', meter)
    app.decorate('tracing', spans.tracing)
    app.decorateRequest('span', {
      getter() {
        return spans.of(this.raw)
      },
    })
    app.addHook('onRequest', async (request, { raw }) => {
      const { span, method, is404, routeOptions } = request
      if (!span.recorded) return
      const route = is404 ? undefined : routeOptions.url
      if (route !== undefined) span.rename(`${method} ${route}`)
      span.set({ 'http.request.method': method, 'http.route': route, 'claude_bridge.request.id': request.id })
      // comes for every answer, also for one that was taken out of Fastify's hands or whose client had left
      raw.once('close', () => {
        const { statusCode, writableFinished } = raw
        span.set({ 'http.response.status_code': statusCode })
        if (writableFinished) span.end(statusCode >= 500 ? String(statusCode) : null)
        else span.end('client_gone')
      })
    })
  },
  { name: 'telemetry' },
)
