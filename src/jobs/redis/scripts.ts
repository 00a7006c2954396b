/** What is done in one step of Redis: all scripts, as they are sent. */
import { prelude } from './prelude.js'
import { sharedScripts } from './shared-scripts.js'
import { storeScripts } from './store-scripts.js'

const bodies = { ...storeScripts, ...sharedScripts }

export type ScriptName = keyof typeof bodies

export const scripts = Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, prelude + body])) as Record<
  ScriptName,
  string
>
