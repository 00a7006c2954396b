import { type AliasModels, aliases } from '../../request/model-names.js'
import { cloudOf } from './clouds.js'

/**
 * The models that the CLI makes of its aliases, where the environment says so: by `ANTHROPIC_DEFAULT_<ALIAS>_MODEL`, or because another cloud is asked,
 * whose models for the aliases are not known here.
 */
export function aliasModelsOf(env: Readonly<Record<string, string | undefined>>): AliasModels {
  const elsewhere = cloudOf(env) !== null
  return Object.fromEntries(
    aliases.flatMap((alias): [string, string | null][] => {
      const model = env[`ANTHROPIC_DEFAULT_${alias.toUpperCase()}_MODEL`]?.trim()
      return model ? [[alias, model]] : elsewhere ? [[alias, null]] : []
    }),
  )
}
