/**
 * Which names go to the Claude CLI, and as what. A name that comes out of here becomes the value of the CLI's
 * `--model`, so only what matches an alias or a strict pattern passes: nothing with a space, nothing that could be read
 * as an option.
 */
import { BridgeError } from '../errors/catalogue.js'
import { type Aliases, withoutAlias } from './aliases.js'
import type { UpstreamProvider } from './upstream-models.js'

/** `claude --help` of 2.1.329 names fable, opus and sonnet; haiku is in its list of aliases as well. */
export const aliases = ['opus', 'sonnet', 'haiku', 'fable']

/** What is another model here than with Anthropic's own API, by alias; null: it is not known which. */
export type AliasModels = Readonly<Record<string, string | null>>

/** The newest of each family that the CLI 2.1.329 knows. Others work too, as far as the account may use them. */
export const fullNames = ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5', 'claude-fable-5-2']

const alias = new RegExp(`^(?:${aliases.join('|')})(?:\\[1m\\])?$`)
const fullName = /^claude-[a-z0-9][a-z0-9.-]{0,90}(?:\[1m\])?$/
/** Of Bedrock, by its id or by a profile's, and of Vertex. */
const cloudName =
  /^(?:(?:[a-z]{2,6}(?:-gov)?\.)?anthropic\.claude-[a-z0-9][a-z0-9.:-]{0,90}|claude-[a-z0-9][a-z0-9.-]{0,90}@[a-z0-9]{1,20})(?:\[1m\])?$/
/** A profile of Bedrock, whose id keeps its case. */
const arn = /^arn:aws(?:-[a-z]{1,10}){0,2}:bedrock:[a-z0-9-]{1,30}:\d{0,12}:[a-z-]{1,40}\/[A-Za-z0-9][A-Za-z0-9.:_-]{0,150}$/
const prefix = /^(?:claude|anthropic|max)\//
/** Free choice of the caller, and echoed: one short printable word. */
const label = /^max(?:\/[\x21-\x7e]{1,120})?$/

export interface ModelRoute {
  kind: 'claude'
  /** value of the CLI's `--model` */
  model: string
}

/**
 * Where a model's name goes: aliases and full names of the CLI and of the clouds that have Claude's models, also behind `claude/`,
 * `anthropic/` and `max/`; the operator's aliases of these; `max` and `max/<any label>` go to `claudeModel`. Case does not matter. Null for every other name.
 */
export function resolveModel(given: string, options: { claudeModel: string; aliases?: Aliases }): ModelRoute | null {
  const name = withoutAlias(given, options.aliases)
  const lower = name.toLowerCase()
  const bare = lower.replace(prefix, '')
  if (arn.test(name)) return { kind: 'claude', model: name }
  if (alias.test(bare) || fullName.test(bare) || cloudName.test(bare)) return { kind: 'claude', model: bare }
  return label.test(lower) ? { kind: 'claude', model: options.claudeModel } : null
}

/** 404 `model_not_found`, naming what exists. */
export function modelNotFound(name: string, upstreams: readonly UpstreamProvider[] = [], own: Aliases = new Map()): BridgeError {
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name
  return new BridgeError(
    'model_not_found',
    `The model '${shown}' does not exist here. Use ${aliases.join(', ')}, a full name such as ${fullNames[0]}, ` +
      `one of these behind claude/, anthropic/ or max/, or max/<any label>${othersInWords(upstreams)}${aliasesInWords(own)}. ` +
      'GET /v1/models lists them.',
    { param: 'model' },
  )
}

/** 404 `model_not_found` for a model that the key that asks may not use. @param models those that it may; undefined: all */
export function requireModel(name: string, models: readonly string[] | undefined): void {
  if (models === undefined || models.includes(name)) return
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name
  const some = models.slice(0, 20).join(', ')
  const others = models.length === 0 ? 'It may use none' : `It may use ${some}${models.length > 20 ? ', …' : ''}`
  throw new BridgeError('model_not_found', `This API key may not use the model '${shown}'. ${others}.`, { param: 'model' })
}

function aliasesInWords(all: Aliases): string {
  const some = [...all.keys()].slice(0, 8)
  if (some.length === 0) return ''
  return `; of this server's own: ${some.join(', ')}${all.size > some.length ? ', …' : ''}`
}

/** Some names of each provider; a message has to stay readable. */
function othersInWords(upstreams: readonly UpstreamProvider[]): string {
  return upstreams
    .slice(0, 8)
    .map(({ name, models, any }) => {
      const some = models.slice(0, 5).map(({ id }) => id)
      const more = any ? [`${name}/<any model>`] : models.length > some.length ? ['…'] : []
      return `; of ${name}: ${[...some, ...more].join(', ')}`
    })
    .join('')
}
