/**
 * Metrics by OpenTelemetry's SDK, sent by OTLP over HTTP every minute: those of `/metrics` as they stand there, and those that the semantic
 * conventions for generative AI, version 1.41.1, name for calls of models.
 */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { MeterProvider, PeriodicExportingMetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { Registry } from 'prom-client'
import { name as packageName, version } from '../../version.js'
import type { CallMeasured, CallMeter } from '../traced.js'
import { type OtlpOptions, resource, toldOnce, within } from './endpoint.js'
import { registryProducer } from './registry-producer.js'

export interface OtlpMetricsOptions extends OtlpOptions {
  everyMs: number
  /** what `/metrics` shows; asked for at each export */
  registry: () => Registry
}

export interface OtlpMetrics extends CallMeter {
  /** Sends what is left. Resolves when that is done, or after `ms`. Never rejects. */
  close(ms: number): Promise<void>
}

/** Seconds, as the conventions advise them. */
const durations = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const tokens = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864]

export function openMetrics(options: OtlpMetricsOptions): OtlpMetrics {
  const exporter = toldOnce<ResourceMetrics, OTLPMetricExporter>(new OTLPMetricExporter({ url: options.url }), options)
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: options.everyMs,
    exportTimeoutMillis: Math.min(options.everyMs, 30_000),
    metricProducers: [registryProducer(options.registry)],
  })
  const provider = new MeterProvider({ resource: resource(), readers: [reader] })
  const meter = provider.getMeter(packageName, version)
  const histogram = (name: string, unit: string, description: string, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } })
  const duration = histogram('gen_ai.client.operation.duration', 's', 'From the call of a model to its end', durations)
  const first = histogram('gen_ai.client.operation.time_to_first_chunk', 's', 'From the call of a model to its first piece', durations)
  const used = histogram('gen_ai.client.token.usage', '{token}', 'Tokens of a call of a model', tokens)
  return {
    measured({ attributes, seconds, firstSeconds, inputTokens, outputTokens, failure }: CallMeasured) {
      duration.record(seconds, failure === null ? attributes : { ...attributes, 'error.type': failure })
      if (firstSeconds !== null) first.record(firstSeconds, attributes)
      if (inputTokens !== null) used.record(inputTokens, { ...attributes, 'gen_ai.token.type': 'input' })
      if (outputTokens !== null) used.record(outputTokens, { ...attributes, 'gen_ai.token.type': 'output' })
    },
    // what goes wrong is told by the exporter
    close: (ms) => within(ms, provider.shutdown()),
  }
}
