/** Spans by OpenTelemetry's SDK, sent by OTLP over HTTP. Nothing is registered globally: contexts are handed on as values. */
import { type Context, ROOT_CONTEXT, type Span as OtelSpan, SpanKind, SpanStatusCode, createTraceState, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BasicTracerProvider, BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import type { Attributes, Span, SpanOptions, Tracing } from '../../jobs/trace.js'
import { type TraceContext, traceIdOf } from '../../request/trace-context.js'
import { name as packageName, version } from '../../version.js'
import { type OtlpOptions, resource, toldOnce, within } from './endpoint.js'

export interface OtlpTracing extends Tracing {
  /** Sends what is left. Resolves when that is done, or after `ms`. Never rejects. */
  close(ms: number): Promise<void>
}

/** The variables for headers, timeout, certificates, sampler, limits, batches and resource are read here, by the SDK, from the process. */
export function openTracing(options: OtlpOptions): OtlpTracing {
  const exporter = toldOnce<ReadableSpan[], OTLPTraceExporter>(new OTLPTraceExporter({ url: options.url }), options)
  const provider = new BasicTracerProvider({ resource: resource(), spanProcessors: [new BatchSpanProcessor(exporter)] })
  const tracer = provider.getTracer(packageName, version)

  const begin = (parent: Context, name: string, { kind, attributes = {}, at }: SpanOptions = {}): Span => {
    const started = at === undefined ? {} : { startTime: at }
    const span = tracer.startSpan(name, { kind: kinds[kind ?? 'internal'], attributes: given(attributes), ...started }, parent)
    return new RecordedSpan(span, (below, more) => begin(trace.setSpan(parent, span), below, more))
  }
  return {
    on: true,
    begin: (parent, name, more) => begin(parent === null ? ROOT_CONTEXT : remote(parent), name, more),
    // what goes wrong is told by the exporter
    close: (ms) => within(ms, provider.shutdown()),
  }
}

const kinds = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT }

class RecordedSpan implements Span {
  readonly context: TraceContext
  readonly recorded: boolean
  private over = false

  constructor(
    private readonly span: OtelSpan,
    readonly begin: Span['begin'],
  ) {
    const { traceId, spanId, traceFlags, traceState } = span.spanContext()
    const tracestate = traceState?.serialize()
    const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
    this.context = { traceparent, ...(tracestate && { tracestate }) }
    this.recorded = span.isRecording()
  }

  rename(name: string): void {
    this.span.updateName(name)
  }

  set(attributes: Attributes): void {
    if (!this.over) this.span.setAttributes(given(attributes))
  }

  event(name: string): void {
    if (!this.over) this.span.addEvent(name)
  }

  end(failure: string | null = null): void {
    if (this.over) return
    if (failure !== null) {
      this.span.setAttribute('error.type', failure)
      this.span.setStatus({ code: SpanStatusCode.ERROR })
    }
    this.over = true
    this.span.end()
  }
}

function given(attributes: Attributes): Record<string, string | number | boolean | string[]> {
  const known = Object.entries(attributes).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known) as Record<string, string | number | boolean | string[]>
}

function remote(parent: TraceContext): Context {
  const { traceparent, tracestate } = parent
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: traceIdOf(parent),
    spanId: traceparent.slice(36, 52),
    traceFlags: Number.parseInt(traceparent.slice(53, 55), 16),
    isRemote: true,
    ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
  })
}
