/** The metrics of a Prometheus registry as OpenTelemetry's: one count of everything, whichever way it is read. */
import { type HrTime, ValueType } from '@opentelemetry/api'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client'
import { name as packageName, version } from '../../version.js'
import { resource } from './endpoint.js'

type Metric = MetricObjectWithValues<MetricValue<string>>
type Value = Metric['values'][number] & { metricName?: string }
/** `type` is a word where prom-client's types have a number. */
type Kind = 'counter' | 'gauge' | 'histogram' | 'summary'

/** @param registry asked for at each collection */
export function registryProducer(registry: () => Registry): MetricProducer {
  const begun = now()
  return {
    async collect() {
      const times = { startTime: begun, endTime: now() }
      const metrics = (await registry().getMetricsAsJSON()).flatMap((metric) => converted(metric, times))
      return {
        resourceMetrics: { resource: resource(), scopeMetrics: [{ scope: { name: packageName, version }, metrics }] },
        errors: [],
      }
    },
  }
}

function now(): HrTime {
  const ms = Date.now()
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6]
}

interface Times {
  startTime: HrTime
  endTime: HrTime
}

/** None of a summary: the registry has none of its own. */
function converted(metric: Metric, times: Times): MetricData[] {
  const base = {
    descriptor: { name: metric.name, description: metric.help, unit: unitOf(metric.name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  const numbers = () => metric.values.map(({ value, labels }): DataPoint<number> => ({ ...times, attributes: given(labels), value }))
  switch (metric.type as unknown as Kind) {
    case 'counter':
      return [{ ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: numbers() }]
    case 'gauge':
      return [{ ...base, dataPointType: DataPointType.GAUGE, dataPoints: numbers() }]
    case 'histogram':
      return [{ ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints: histograms(metric.values, times) }]
    case 'summary':
      return []
  }
}

/** The registry has each bucket with all below it, and the sum and count of a histogram as further values. */
function histograms(values: readonly Value[], times: Times): DataPoint<Histogram>[] {
  const points = new Map<string, { attributes: Record<string, string>; below: [number, number][]; sum: number; count: number }>()
  for (const { value, labels, metricName = '' } of values) {
    const { le, ...rest } = labels as Record<string, string | number>
    const attributes = given(rest)
    const key = JSON.stringify(attributes)
    const point = points.get(key) ?? { attributes, below: [], sum: 0, count: 0 }
    points.set(key, point)
    if (metricName.endsWith('_sum')) point.sum = value
    else if (metricName.endsWith('_count')) point.count = value
    else if (le !== '+Inf') point.below.push([Number(le), value])
  }
  return [...points.values()].map(({ attributes, below, sum, count }) => {
    const sorted = below.sort(([a], [b]) => a - b)
    const counts = [...sorted.map(([, upTo]) => upTo), count].map((upTo, index, all) => upTo - (all[index - 1] ?? 0))
    return { ...times, attributes, value: { buckets: { boundaries: sorted.map(([le]) => le), counts }, sum, count } }
  })
}

function given(labels: object): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]))
}

function unitOf(name: string): string {
  if (name.includes('_seconds')) return 's'
  return name.includes('_bytes') ? 'By' : '1'
}
