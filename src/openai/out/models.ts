/** What `GET /v1/models` says of the names that can be asked for. */
import { aliases, fullNames, resolveModel } from '../../request/model-names.js'
import { resolveUpstream, type UpstreamProvider } from '../../request/upstream-models.js'
import type { Model } from './response-schemas.js'

/** `created` has to be a number and the CLI knows no dates: one that never changes, 2025-01-01. */
const created = 1_735_689_600

/** The body of one entry of `GET /v1/models`, for any name that can be asked for. */
export function toModel(id: string, owner = 'anthropic'): Model {
  return { id, object: 'model', created, owned_by: owner }
}

export interface Listed {
  claudeModel: string
  upstreams?: readonly UpstreamProvider[]
  /** those that the key may use; left out: all */
  models?: readonly string[] | undefined
}

/** What `GET /v1/models` lists: the names that need no knowledge of an account. */
export function listModels({ upstreams = [], models, claudeModel }: Listed): Model[] {
  if (models !== undefined) return models.flatMap((id) => findModel(id, { claudeModel, upstreams, models }) ?? [])
  const others = upstreams.flatMap(({ name, models }) => models.map(({ id }) => toModel(id, name)))
  return [...[...aliases, ...fullNames, 'max'].map((id) => toModel(id)), ...others]
}

/** The entry of a name that can be asked for, whoever's it is; null for every other one. */
export function findModel(id: string, options: Listed): Model | null {
  if (options.models?.includes(id) === false) return null
  const upstream = resolveUpstream(id, options.upstreams ?? [])
  if (upstream !== null) return toModel(id, upstream.provider)
  return resolveModel(id, options) === null ? null : toModel(id)
}
