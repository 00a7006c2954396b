/** Whether there is an endpoint for traces, by OpenTelemetry's own variables. Reads nothing else of them: the SDK does. */
import { ConfigError } from '../errors/config-error.js'

export interface OtlpSettings {
  /** where spans are sent */
  url: string
  /** what is asked for and not done, for the log; null: nothing */
  warning: string | null
}

/**
 * Null where nothing is to be exported: no endpoint, `OTEL_SDK_DISABLED=true`, `OTEL_TRACES_EXPORTER=none`. Rules of the variables:
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 *
 * @throws ConfigError for an endpoint that is no http(s) URL
 */
export function otlpSettings(env: NodeJS.ProcessEnv): OtlpSettings | null {
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
  const common = env['OTEL_EXPORTER_OTLP_ENDPOINT']
  const name = own ? 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' : 'OTEL_EXPORTER_OTLP_ENDPOINT'
  const endpoint = own || common
  if (!endpoint || env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return null
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) throw new ConfigError(`${name}: must be an http(s) URL`)
  const url = own ? new URL(endpoint).href : `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || json
  return { url, warning: protocol === json ? null : `OTEL_EXPORTER_OTLP_PROTOCOL: spans are sent as ${json}, and not as ${protocol}` }
}

const json = 'http/json'
