/** An OTLP receiver over HTTP, of the JSON encoding: what a server has exported, as it came. */
import { type IncomingHttpHeaders, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { until } from '../helper.js'

type Value = { stringValue?: string; intValue?: number; doubleValue?: number; boolValue?: boolean; arrayValue?: { values: Value[] } }
type Attribute = { key: string; value: Value }

interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  /** 1 internal, 2 server, 3 client */
  kind: number
  traceState?: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: Attribute[]
  events?: { name: string }[]
  status: { code?: number }
}

interface Export {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[]
}

interface Point {
  attributes?: Attribute[]
  asDouble?: number
  asInt?: number | string
  count?: number | string
  sum?: number
  bucketCounts?: (number | string)[]
  explicitBounds?: number[]
}

interface OtlpMetric {
  name: string
  unit?: string
  sum?: { dataPoints: Point[]; isMonotonic?: boolean }
  gauge?: { dataPoints: Point[] }
  histogram?: { dataPoints: Point[] }
}

interface MetricsExport {
  resourceMetrics: { resource: { attributes: Attribute[] }; scopeMetrics: { metrics: OtlpMetric[] }[] }[]
}

export interface ReceivedMetric {
  unit: string | undefined
  kind: 'sum' | 'gauge' | 'histogram'
  points: (Omit<Point, 'attributes'> & { attributes: Record<string, unknown> })[]
}

export interface Received extends Omit<OtlpSpan, 'attributes'> {
  attributes: Record<string, unknown>
}

export interface Receiver {
  /** for `OTEL_EXPORTER_OTLP_ENDPOINT` */
  url: string
  spans: Received[]
  /** as the last export of metrics has them, by name */
  metrics: Map<string, ReceivedMetric>
  /** how often metrics have come */
  metricsCount: number
  metricsResource: Record<string, unknown>
  /** of every export of spans so far */
  bodies: string[]
  heads: IncomingHttpHeaders[]
  resource: Record<string, unknown>
  /** How it answers from now on; hang: not at all. */
  behave(how: 'well' | 'hang' | number): void
  /** Resolves with all spans of a trace when its first one has come and the others with it; fails the test where they do not. */
  trace(traceId: string, size: number): Promise<Received[]>
}

export async function startReceiver(t: Test): Promise<Receiver> {
  let how: 'well' | 'hang' | number = 'well'
  const receiver: Receiver = {
    ...{ url: '', spans: [], bodies: [], heads: [], resource: {} },
    ...{ metrics: new Map<string, ReceivedMetric>(), metricsCount: 0, metricsResource: {} },
    behave: (next) => void (how = next),
    async trace(traceId, size) {
      const found = () => receiver.spans.filter((span) => span.traceId === traceId)
      if (!(await until(() => found().length >= size))) {
        const names = found().map(({ name }) => name)
        throw new Error(`${names.length} of ${size} spans have come: ${names.join(', ')}`)
      }
      return found()
    },
  }
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      if (request.url === '/v1/metrics' && how === 'well') {
        takeMetrics(receiver, JSON.parse(body) as MetricsExport)
        return response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      }
      receiver.heads.push(request.headers)
      receiver.bodies.push(body)
      if (how === 'hang') return
      if (how !== 'well') return response.writeHead(how).end()
      if (request.url !== '/v1/traces') return response.writeHead(404).end()
      for (const { resource, scopeSpans } of (JSON.parse(body) as Export).resourceSpans) {
        receiver.resource = named(resource.attributes)
        const spans = scopeSpans.flatMap((scope) => scope.spans)
        receiver.spans.push(...spans.map((span) => ({ ...span, attributes: named(span.attributes) })))
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return receiver
}

function takeMetrics(receiver: Receiver, { resourceMetrics }: MetricsExport): void {
  for (const { resource, scopeMetrics } of resourceMetrics) {
    receiver.metricsResource = named(resource.attributes)
    for (const { name, unit, sum, gauge, histogram } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      const kind = sum !== undefined ? 'sum' : gauge !== undefined ? 'gauge' : 'histogram'
      const points = (sum ?? gauge ?? histogram)!.dataPoints.map((point) => ({ ...point, attributes: named(point.attributes ?? []) }))
      receiver.metrics.set(name, { unit, kind, points })
    }
  }
  receiver.metricsCount += 1
}

function named(attributes: Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]))
}

function plain({ arrayValue, ...one }: Value): unknown {
  return arrayValue === undefined ? Object.values(one)[0] : arrayValue.values.map(plain)
}

/** The tree of a trace as indented names; a span whose parent has not come stands at the left, with a mark unless it is `root`'s child. */
export function treeOf(spans: readonly Received[], root = ''): string[] {
  const below = (parent: string, depth: number): string[] =>
    spans
      .filter(({ parentSpanId = '' }) => parentSpanId === parent)
      .sort((one, other) => (BigInt(one.startTimeUnixNano) < BigInt(other.startTimeUnixNano) ? -1 : 1))
      .flatMap(({ name, spanId }) => [`${'  '.repeat(depth)}${name}`, ...below(spanId, depth + 1)])
  const known = new Set([root, ...spans.map(({ spanId }) => spanId)])
  const lost = spans.filter(({ parentSpanId = '' }) => !known.has(parentSpanId)).map(({ name }) => `lost: ${name}`)
  return [...below(root, 0), ...lost]
}
