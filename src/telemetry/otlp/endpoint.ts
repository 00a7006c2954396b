/**
 * What traces and metrics have in common on their way to a collector. The files of this folder are the only ones that import OpenTelemetry's
 * SDK, and are themselves imported only where there is an endpoint.
 */
import { type Resource, defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { name as packageName, version } from '../../version.js'

export interface OtlpOptions {
  url: string
  /** It could not be sent, for the first time since it could. */
  onTrouble: (error: unknown) => void
  /** It is sent again. */
  onRecovered: () => void
}

/** Who sends: this package, or what `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say. */
export function resource(): Resource {
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': packageName, 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }))
}

interface Exporter<T> {
  export(items: T, done: (result: { code: number; error?: Error }) => void): void
}

/** An endpoint that is down fails every few seconds: the first failure is worth a line, and the end of it. The exporter is changed in place. */
export function toldOnce<T, E extends Exporter<T>>(exporter: E, { onTrouble, onRecovered }: OtlpOptions): E {
  let failing = false
  const send = exporter.export.bind(exporter)
  exporter.export = (items, done) => {
    send(items, (result) => {
      const failed = result.error !== undefined
      if (failed && !failing) onTrouble(result.error)
      if (!failed && failing) onRecovered()
      failing = failed
      done(result)
    })
  }
  return exporter
}

/** Resolves when the last of it is sent, or after `ms`. Never rejects. */
export async function within(ms: number, shutdown: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  await Promise.race([shutdown.catch(() => undefined), enough])
  clearTimeout(timer)
}
