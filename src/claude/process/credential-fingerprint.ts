/** Tells whether a credential is still the same one, without reading it: what is stored is known by its file, the environment does not change. */
import { statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { credentialKind } from './environment.js'

/** Equal texts: as far as can be seen, the same credential. */
export function credentialFingerprint(env: NodeJS.ProcessEnv): string {
  if (credentialKind(env) !== 'login') return 'environment'
  const folder = env['CLAUDE_CONFIG_DIR'] || path.join(env['HOME'] || os.homedir(), '.claude')
  const found = statSync(path.join(folder, '.credentials.json'), { throwIfNoEntry: false })
  return found === undefined ? 'none' : `${found.ino} ${found.mtimeMs} ${found.size}`
}
