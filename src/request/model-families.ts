/**
 * What Claude's models take, by family: from the list of models that the CLI 2.1.329 carries, and the API's documentation of thinking and of
 * sampling, as of 2026-11-29. A model that is not here is sent what was asked for.
 */
import type { AliasModels } from './model-names.js'

export interface Takes {
  /** thinking can be switched off, and so a call can be forced */
  withoutThinking: boolean
  /** without thinking no effort above `high` */
  effortBounded?: true
  /** what it does not take of the levels of effort, where it does not take all: any, those above `high`, or `xhigh` alone */
  withoutLevels?: 'any' | 'above_high' | 'xhigh'
  /** of `temperature` and `top_p` both or either, without thinking */
  sampling?: 'both' | 'either'
}

const families: readonly [id: RegExp, Takes][] = [
  [/^claude-3-/, { withoutThinking: true, withoutLevels: 'any', sampling: 'both' }],
  [/^claude-(?:opus|sonnet)-4(?:-0)?$/, { withoutThinking: true, withoutLevels: 'any', sampling: 'both' }],
  [/^claude-(?:opus-4-1|sonnet-4-5|haiku-4-5)$/, { withoutThinking: true, withoutLevels: 'any', sampling: 'either' }],
  [/^claude-opus-4-5$/, { withoutThinking: true, withoutLevels: 'above_high', sampling: 'either' }],
  [/^claude-(?:opus|sonnet)-4-6$/, { withoutThinking: true, withoutLevels: 'xhigh', sampling: 'either' }],
  [/^claude-opus-4-[78]$/, { withoutThinking: true }],
  [/^claude-sonnet-5$/, { withoutThinking: true }],
  [/^claude-opus-5$/, { withoutThinking: true, effortBounded: true }],
  [/^claude-(?:opus|sonnet|haiku)-5-5$/, { withoutThinking: false }],
  [/^claude-(?:fable|mythos)-5(?:-\d)?$/, { withoutThinking: false }],
]

/** What the CLI makes of its aliases with Anthropic's own API. */
const aliases: Readonly<Record<string, string>> = {
  opus: 'claude-opus-5-5',
  sonnet: 'claude-sonnet-5-5',
  haiku: 'claude-haiku-5-5',
  fable: 'claude-fable-5-2',
}

/** The CLI asks Anthropic's own API for the model of its alias `opus` in place of these, which were retired. */
const retired = /^claude-opus-4(?:-[01])?(?:-\d{8})?(?:\[1m\])?$/

/** @param model as the CLI is told it; null: it is not known */
export function takesOf(model: string, aliasModels: AliasModels = {}): Takes | null {
  // of the alias nothing is known where another cloud is asked, and there a name is what it is
  if (retired.test(model) && aliasModels['opus'] !== null) return takesOf('opus', aliasModels)
  const plain = model
    // the id of a profile stands at the end of its ARN
    .replace(/^arn:.*\//, '')
    .replace(/\[1m\]$/, '')
    .replace(/^(?:[a-z-]+\.)?anthropic\./, '')
    .replace(/(?:-v\d+)?(?::\d+)?$/, '')
    .replace(/[-@]\d{8}$/, '')
    .replace(/@(?:default|latest)$/, '')
    // as gateways write versions
    .replace(/(?<=\d)\.(?=\d)/g, '-')
  const other = Object.hasOwn(aliasModels, plain) ? aliasModels[plain] : undefined
  if (other === null) return null
  if (other !== undefined) return takesOf(other)
  const id = Object.hasOwn(aliases, plain) ? aliases[plain]! : plain
  return families.find(([family]) => family.test(id))?.[1] ?? null
}
