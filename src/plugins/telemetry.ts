/** Traces: the trace of each request, and where spans go. Without an endpoint nothing of OpenTelemetry is loaded. */
import fp from 'fastify-plugin'
import type { Span, Tracing } from '../jobs/trace.js'
import type { RequestSpans } from '../telemetry/request-spans.js'
import { otlpSettings } from '../telemetry/settings.js'

declare module 'fastify' {
  interface FastifyInstance {
    tracing: Tracing
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
    const settings = otlpSettings(env)
    if (settings !== null) {
      const { openTracing } = await import('../telemetry/otlp.js')
      const { url, warning } = settings
      const tracing = openTracing({
        url,
        onTrouble: (error) => app.log.warn({ err: error }, 'spans could not be sent; no other line tells it until they are sent again'),
        onRecovered: () => app.log.info('spans are sent again'),
      })
      if (warning !== null) app.log.warn(warning)
      spans.tracing = tracing
      app.addHook('onClose', () => tracing.close(flushMs))
    }
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
