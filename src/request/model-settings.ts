/** What the operator says of models: further names, and settings of one model. */
import { resolveModel } from './model-names.js'
import { resolveUpstream, type UpstreamProvider } from './upstream-models.js'

export interface ModelSettings {
  /** how the answer is given where a request does not say it */
  way?: 'block' | 'poll'
  /** seconds a job may run, in place of the server's limit */
  timeoutS?: number
}

/** What names mean on a server. */
export interface ModelNames {
  /** model of `max/<label>` */
  claudeModel: string
  upstreams: readonly UpstreamProvider[]
  /** further names -> models */
  aliases: ReadonlyMap<string, string>
}

/** The one name of a model that has several: of the CLI's its `--model`, of a provider's `<provider>/<model>`. Null: no such model. */
export function modelKey(name: string, { claudeModel, upstreams, aliases }: ModelNames): string | null {
  const upstream = resolveUpstream(name, upstreams, aliases)
  if (upstream !== null) return upstreamKey(upstream.provider, upstream.model.id)
  return resolveModel(name, { claudeModel, aliases })?.model ?? null
}

export function upstreamKey(provider: string, model: string): string {
  return `${provider}/${model}`
}
