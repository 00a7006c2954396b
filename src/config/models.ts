/** `models` and `aliases` -> what names mean, settings and prices. */
import { ConfigError } from '../errors/config-error.js'
import { aliases as cliAliases, fullNames, resolveModel } from '../request/model-names.js'
import { type ModelSettings, modelKey } from '../request/model-settings.js'
import { resolveUpstream } from '../request/upstream-models.js'
import type { Price } from '../spending/prices.js'
import type { Provider } from '../upstreams/settings.js'
import type { Gathered } from './gather.js'
import { nearest } from './words.js'
import type { Config } from './config.js'

type Given = Gathered['values']['models'][string]

/** @throws ConfigError */
export function readModels(
  { values, nameOf }: Gathered,
  upstreams: readonly Provider[],
): Pick<Config, 'claudeModel' | 'aliases' | 'models' | 'prices'> {
  const { default: claudeModel, ...named } = values.models
  const listed = upstreams.flatMap(({ models }) => models.map(({ id }) => id))
  const known = [...cliAliases, ...fullNames, 'max', ...listed]
  const names = { claudeModel, upstreams, aliases: new Map<string, string>() }
  const missing = (place: string, name: string) => {
    const near = nearest(name, known)
    return new ConfigError(`${place}: there is no model ${JSON.stringify(name)}${near === null ? '' : `; the nearest is "${near}"`}`)
  }

  for (const [alias, model] of Object.entries(values.aliases)) {
    const place = nameOf('aliases', alias)
    if (known.includes(alias) || resolveUpstream(alias, upstreams) !== null) {
      throw new ConfigError(`${place}: is the name of a model already`)
    }
    if (modelKey(model, names) === null) {
      if (Object.hasOwn(values.aliases, model))
        throw new ConfigError(`${place}: ${JSON.stringify(model)} is an alias itself; name the model`)
      throw missing(place, model)
    }
  }

  const models = new Map<string, ModelSettings>()
  const prices = new Map<string, Price>()
  for (const [name, settings] of Object.entries(named as Record<string, Given>)) {
    const place = nameOf('models', name)
    const isLabel = /^max(\/|$)/i.test(name) && resolveUpstream(name, upstreams) === null && !isNamed(name)
    const key = isLabel ? null : modelKey(name, names)
    if (isLabel) throw new ConfigError(`${place}: means the model of \`default\`; name that one`)
    if (key === null) throw missing(place, name)
    if (models.has(key)) throw new ConfigError(`${place}: the same model has settings under another name`)
    models.set(key, {
      ...(settings.way !== undefined && { way: settings.way }),
      ...(settings.timeout_s !== undefined && { timeoutS: settings.timeout_s }),
    })
    if (settings.price !== undefined) prices.set(key, toPrice(settings.price))
  }
  return { claudeModel, aliases: new Map(Object.entries(values.aliases)), models, prices }
}

/** `max/opus` is Opus, `max/<label>` is not. */
function isNamed(name: string): boolean {
  return resolveModel(name, { claudeModel: '' })?.model !== ''
}

function toPrice({ input, output, ...cache }: NonNullable<Given['price']>): Price {
  const { cache_read: cacheRead = input, cache_write: cacheWrite = input * 1.25, hour_cache_write: hourCacheWrite = input * 2 } = cache
  return { input, output, cacheRead, cacheWrite, hourCacheWrite }
}
