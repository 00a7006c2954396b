/** The models of other providers, as `UPSTREAMS` names them, and which name means which. */

import { type Aliases, withoutAlias } from './aliases.js'

/** What a provider takes of what the bridge adds to a request. */
export interface Dialect {
  /** it streams its answers */
  stream: boolean
  /** it knows `stream_options` */
  streamOptions: boolean
}

/** One model of a provider, with what its operator says about it. */
export interface UpstreamModel {
  /** the provider's own name for it */
  id: string
  /** the job outlives the connection that asked for it */
  longRunning: boolean
  /** how the answer is given where a request does not say it */
  way: 'block' | 'poll'
  /** seconds a job may run, in place of the server's limit */
  timeoutS?: number
  /** names of models that are asked instead where this one cannot answer */
  fallbacks: readonly string[]
  /** what the operator says of it, in place of what its provider has */
  dialect?: Partial<Dialect>
}

export interface UpstreamProvider {
  name: string
  models: readonly UpstreamModel[]
  /** whether models that are not listed may be asked for as `<provider>/<model>` */
  any: boolean
}

export interface UpstreamRoute {
  kind: 'upstream'
  provider: string
  model: UpstreamModel
}

/**
 * Where a name goes: `<provider>/<model>` (the provider's name in any case), a listed model's bare name, or an
 * alias of one of these. Null for every other name.
 */
export function resolveUpstream(given: string, providers: readonly UpstreamProvider[], aliases?: Aliases): UpstreamRoute | null {
  const name = withoutAlias(given, aliases)
  const slash = name.indexOf('/')
  const prefix = name.slice(0, Math.max(0, slash)).toLowerCase()
  const id = name.slice(slash + 1)
  for (const provider of providers) {
    if (slash > 0 && provider.name === prefix) {
      const model = provider.models.find((listed) => listed.id === id) ?? (provider.any ? unlisted(id) : null)
      if (model !== null) return { kind: 'upstream', provider: provider.name, model }
    }
    const bare = provider.models.find((listed) => listed.id === name)
    if (bare !== undefined) return { kind: 'upstream', provider: provider.name, model: bare }
  }
  return null
}

/** Of a name that stands in no list: one short printable word. */
function unlisted(id: string): UpstreamModel | null {
  return /^[\x21-\x7e]{1,200}$/.test(id) ? { id, longRunning: false, way: 'block', fallbacks: [] } : null
}
