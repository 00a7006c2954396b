/**
 * Ties a CLI process to the life of this one. A CLI whose server was killed finishes what it does, and one that waits for a client's
 * results even asks the model anew; nobody would ever see the answer, and somebody would pay for it. Linux can have the kernel end the
 * child with its parent (prctl(2), PR_SET_PDEATHSIG), and `setpriv` of util-linux asks for that. Elsewhere, the next start of the server
 * ends what was left.
 */
import { accessSync, constants } from 'node:fs'

const places = ['/usr/bin/setpriv', '/bin/setpriv']
const setpriv = process.platform === 'linux' ? places.find(isExecutable) : undefined

export interface Command {
  file: string
  args: readonly string[]
}

/** The same process with the same id: `setpriv` becomes it. A program that cannot be run is left as it is, for its own errno. */
export function tied({ file, args }: Command): Command {
  if (setpriv === undefined || !isExecutable(file)) return { file, args }
  return { file: setpriv, args: ['--pdeathsig', 'KILL', '--', file, ...args] }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The errno behind an exit of `setpriv` itself, which could not become the program; null for the program's own exit. */
export function failedToBecome(code: number | null, stderr: string): string | null {
  if (setpriv === undefined || !/^setpriv: failed to execute /.test(stderr)) return null
  return code === 126 ? 'EACCES' : 'ENOENT'
}
