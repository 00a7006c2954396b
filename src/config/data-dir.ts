/** Where jobs are kept where nothing is set. */
import os from 'node:os'
import path from 'node:path'

/**
 * A checkout, an image, or any other place where the package lies by itself: `.data` of the working directory. A package that npm has installed
 * is started from anywhere: the user's state directory (XDG Base Directory Specification 0.8, where a relative path counts as not set).
 *
 * @param packageRoot the folder of the package
 */
export function defaultDataDir(packageRoot: string, name: string, env: NodeJS.ProcessEnv): string {
  if (!packageRoot.split(path.sep).includes('node_modules')) return '.data'
  const state = env['XDG_STATE_HOME'] ?? ''
  return path.join(path.isAbsolute(state) ? state : path.join(env['HOME'] || os.homedir(), '.local/state'), name)
}
