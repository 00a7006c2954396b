/**
 * Ties a CLI process to the life of this one. A CLI whose server was killed finishes what it does, and one that waits for a client's
 * results even asks the model anew; nobody would ever see the answer, and somebody would pay for it. Linux can have the kernel end the
 * child with its parent (prctl(2), PR_SET_PDEATHSIG), and `setpriv` of util-linux asks for that. Elsewhere, the next start of the server
 * ends what was left.
 */
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/** found once; undefined: it is not known yet, null: there is none of use */
let setpriv: string | null | undefined

export interface Command {
  file: string
  args: readonly string[]
}

/** The same process with the same id: `setpriv` becomes it. A program that cannot be run is left as it is, for its own errno. */
export function tied({ file, args }: Command): Command {
  if (setpriv === undefined) setpriv = findSetpriv()
  if (setpriv === null || !isExecutable(file)) return { file, args }
  return { file: setpriv, args: [...tie, file, ...args] }
}

const tie = ['--pdeathsig', 'KILL', '--']

/** The first on the path, if it can tie: that of BusyBox and of util-linux before 2.33 cannot. It is asked once, which takes 5 ms. */
function findSetpriv(): string | null {
  if (process.platform !== 'linux') return null
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/bin', '/bin'].filter((folder) => path.isAbsolute(folder))
  const found = folders.map((folder) => path.join(folder, 'setpriv')).find(isExecutable)
  if (found === undefined) return null
  try {
    execFileSync(found, [...tie, found, '--version'], { stdio: 'ignore', timeout: 5000 })
    return found
  } catch {
    return null
  }
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
  if (typeof setpriv !== 'string' || !/^setpriv: failed to execute /.test(stderr)) return null
  return code === 126 ? 'EACCES' : 'ENOENT'
}
