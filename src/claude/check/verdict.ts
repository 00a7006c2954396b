/** What a check has found out about one binary, and what may be used because of it. */
import type { CredentialKind } from '../process/environment.js'

/** In the order in which they are shown. */
export const probeIds = [
  'prompt',
  'plain_text',
  'history',
  'max_tokens',
  'extra_body',
  'thinking',
  'tools',
  'every_tool',
  'schema',
  'long_text',
  'new_prompt',
  'taking_back',
  'warm_up',
  // it looks at what all of them have caused
  'lean',
] as const

export type ProbeId = (typeof probeIds)[number]

/**
 * Probes without which each job is still done: in a process of its own, and with the descriptions of its tools cut where they are very long.
 * All others have to pass.
 */
export const optionalProbes: readonly ProbeId[] = ['long_text', 'new_prompt', 'taking_back', 'warm_up']

/** How the CLI is started for a credential: `api_key` stands for `--bare` (keys, bearer tokens), `oauth_token` for the lean way. */
export type CheckedCredential = 'api_key' | 'oauth_token'

export interface Verdict {
  /** as the CLI says it; null where it did not say */
  version: string | null
  /** bytes of the binary */
  size: number
  credential: CheckedCredential
  /** a text says why the probe did not pass */
  passed: Record<ProbeId, true | string>
}

/** What the bridge may do with the processes of a binary. */
export interface Abilities {
  /** turns can be taken back, to a point or to nothing, and settings undone */
  takingBack: boolean
  /** a process can be told another system prompt */
  newPrompt: boolean
  /** a ready process can make a turn beforehand */
  warmUp: boolean
}

export const noAbilities: Readonly<Abilities> = { takingBack: false, newPrompt: false, warmUp: false }

/** The kind whose verdict counts for a credential. */
export function checkedAs(credential: CredentialKind): CheckedCredential {
  return credential === 'api_key' || credential === 'auth_token' ? 'api_key' : 'oauth_token'
}

export function abilitiesOf({ passed }: Verdict): Abilities {
  const all = (...ids: ProbeId[]) => ids.every((id) => passed[id] === true)
  const takingBack = all('taking_back', 'history', 'max_tokens', 'extra_body', 'thinking')
  return { takingBack, newPrompt: all('new_prompt'), warmUp: all('new_prompt', 'warm_up') }
}

/** A verdict in which no probe passed, all for one reason. */
export function nothingPassed(why: string): Verdict['passed'] {
  return Object.fromEntries(probeIds.map((id) => [id, why])) as Verdict['passed']
}
