/** What `GET /v1/models` says of the names that can be asked for. */
import { aliases as cliAliases, fullNames, resolveModel } from '../../request/model-names.js'
import type { ModelNames } from '../../request/model-settings.js'
import { resolveUpstream } from '../../request/upstream-models.js'
import type { Model } from './response-schemas.js'

/** `created` has to be a number and the CLI knows no dates: one that never changes, 2025-01-01. */
const created = 1_735_689_600

/** The body of one entry of `GET /v1/models`, for any name that can be asked for. */
export function toModel(id: string, owner = 'anthropic'): Model {
  return { id, object: 'model', created, owned_by: owner }
}

export interface Listed extends ModelNames {
  /** those that the key may use; left out: all */
  allowedModels?: readonly string[] | undefined
}

/** What `GET /v1/models` lists: the names that need no knowledge of an account, and the operator's aliases; of a key that may use some, those. */
export function listModels(listed: Listed): Model[] {
  const { upstreams, aliases, allowedModels } = listed
  if (allowedModels !== undefined) return allowedModels.flatMap((id) => findModel(id, listed) ?? [])
  const others = upstreams.flatMap(({ name, models }) => models.map(({ id }) => toModel(id, name)))
  const own = [...aliases.keys()].flatMap((id) => findModel(id, listed) ?? [])
  return [...[...cliAliases, ...fullNames, 'max'].map((id) => toModel(id)), ...others, ...own]
}

/** The entry of a name that can be asked for, of the CLI or a provider; null for every other one. */
export function findModel(id: string, names: Listed): Model | null {
  if (names.allowedModels?.includes(id) === false) return null
  const upstream = resolveUpstream(id, names.upstreams, names.aliases)
  if (upstream !== null) return toModel(id, upstream.provider)
  return resolveModel(id, names) === null ? null : toModel(id)
}
