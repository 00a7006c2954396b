/** The span of each HTTP request: there from its first log line on, so that all of them can name its trace. */
import type { IncomingMessage } from 'node:http'
import { type Span, type Tracing, noSpan, noTracing } from '../jobs/trace.js'
import { traceContextOf, traceIdOf } from '../request/trace-context.js'

export class RequestSpans {
  /** where they go; set before the first request comes */
  tracing: Tracing = noTracing
  private readonly spans = new WeakMap<IncomingMessage, Span>()

  of(request: IncomingMessage): Span {
    const known = this.spans.get(request)
    if (known !== undefined) return known
    const span = this.begin(request)
    this.spans.set(request, span)
    return span
  }

  /** What the request's log lines say of it: `trace_id`; nothing where it belongs to no trace. */
  bindings(request: IncomingMessage): { trace_id?: string } {
    const { context } = this.of(request)
    return context === null ? {} : { trace_id: traceIdOf(context) }
  }

  /** Looks at tasks, health and lists come every second: they are traced where their client traces them. */
  private begin({ method = '', headers }: IncomingMessage): Span {
    const parent = traceContextOf(headers)
    return parent === null && method !== 'POST' ? noSpan : this.tracing.begin(parent, method, { kind: 'server' })
  }
}
