/** Whether there is an endpoint for traces and for metrics, by OpenTelemetry's own variables. Reads nothing else of them: the SDK does. */
import { ConfigError } from '../errors/config-error.js'

type Signal = 'traces' | 'metrics'

export interface OtlpSettings {
  /** where it is sent */
  url: string
  /** what is asked for and not done, for the log; null: nothing */
  warning: string | null
}

/**
 * Null where nothing of the signal is to be exported: no endpoint, `OTEL_SDK_DISABLED=true`, `OTEL_TRACES_EXPORTER=none` or
 * `OTEL_METRICS_EXPORTER=none`. Rules of the variables: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 *
 * @throws ConfigError for an endpoint that is no http(s) URL
 */
export function otlpSettings(env: NodeJS.ProcessEnv, signal: Signal): OtlpSettings | null {
  const word = signal.toUpperCase()
  const ownName = `OTEL_EXPORTER_OTLP_${word}_ENDPOINT`
  const own = env[ownName]
  const common = env['OTEL_EXPORTER_OTLP_ENDPOINT']
  const name = own ? ownName : 'OTEL_EXPORTER_OTLP_ENDPOINT'
  const endpoint = own || common
  if (!endpoint || env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || env[`OTEL_${word}_EXPORTER`] === 'none') return null
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) throw new ConfigError(`${name}: must be an http(s) URL`)
  const url = own ? new URL(endpoint).href : `${endpoint.replace(/\/+$/, '')}/v1/${signal}`
  const protocol = env[`OTEL_EXPORTER_OTLP_${word}_PROTOCOL`] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || json
  return { url, warning: protocol === json ? null : `OTEL_EXPORTER_OTLP_PROTOCOL: ${signal} are sent as ${json}, and not as ${protocol}` }
}

/** Milliseconds between two exports of metrics; the specification's default where the variable says nothing that could be one. */
export function metricsEveryMs(env: NodeJS.ProcessEnv): number {
  const given = Number(env['OTEL_METRIC_EXPORT_INTERVAL'] || NaN)
  return given >= 10 && given <= 86_400_000 ? given : 60_000
}

const json = 'http/json'
