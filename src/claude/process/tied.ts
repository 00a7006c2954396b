/**
 * Ties a CLI process to the life of this one, and what it starts to its own. A CLI whose server was killed finishes what it does, and one
 * that waits for a client's results even asks the model anew; that answer would be paid for and never read. Linux can
 * have the kernel end the child with its parent (prctl(2), PR_SET_PDEATHSIG), and hand it the processes whose own parent has left
 * (PR_SET_CHILD_SUBREAPER), so that they can be found. Node reaches neither. Perl can ask for both, `setpriv` of util-linux for the first.
 * Elsewhere, the next start of the server ends what was left.
 */
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'

interface Tie {
  file: string
  /** what comes before the program and its arguments */
  args: readonly string[]
  env: Record<string, string>
}

/** found once; undefined: it is not known yet, null: there is none of use */
let tie: Tie | null | undefined

interface Command {
  file: string
  args: readonly string[]
}

/** The same process with the same id: what ties it becomes it. A program that cannot be run is left as it is, for its own errno. */
export function tied({ file, args }: Command): Command & { env: Record<string, string> } {
  if (tie === undefined) tie = process.platform === 'linux' ? (perlTie() ?? setprivTie()) : null
  if (tie === null || !isExecutable(file)) return { file, args, env: {} }
  return { file: tie.file, args: [...tie.args, file, ...args], env: tie.env }
}

/** The number of prctl(2) differs by processor. */
const prctl: Partial<Record<NodeJS.Architecture, number>> = {
  x64: 157,
  arm64: 167,
  arm: 172,
  ppc64: 171,
  s390x: 172,
  riscv64: 167,
  loong64: 167,
}

/** Its own way through prctl(2) is `syscall`, which every Perl has; the two requests are 1 (the signal 9) and 36. */
function perlTie(): Tie | null {
  const number = prctl[process.arch]
  if (number === undefined) return null
  const program =
    `delete $ENV{PERL_BADLANG}; for ([1, 9], [36, 1]) { syscall(${number}, @$_, 0, 0, 0) == 0 or exit 125 } ` +
    'exec { $ARGV[0] } @ARGV; print STDERR "tie: failed to execute: $!\\n"; exit($! == 2 ? 127 : 126)'
  // a locale that is not installed is told on standard error otherwise
  return usable('perl', ['-e', program, '--'], { PERL_BADLANG: '0' })
}

/** That of BusyBox and of util-linux before 2.33 cannot. */
function setprivTie(): Tie | null {
  return usable('setpriv', ['--pdeathsig', 'KILL', '--'], {})
}

/** The first program of the name on the path, if it can tie. It is asked once, which takes 5 ms. */
function usable(name: string, args: readonly string[], env: Record<string, string>): Tie | null {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/bin', '/bin'].filter((folder) => path.isAbsolute(folder))
  const file = folders.map((folder) => path.join(folder, name)).find(isExecutable)
  if (file === undefined) return null
  try {
    execFileSync(file, [...args, file, '--version'], { stdio: 'ignore', timeout: 5000, env: { ...process.env, ...env } })
    return { file, args, env }
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

/** The errno behind the exit of what ties, which could not become the program; null for the program's own exit. */
export function failedToBecome(code: number | null, stderr: string): string | null {
  if (tie === null || tie === undefined || !/^(?:setpriv|tie): failed to execute/.test(stderr)) return null
  return code === 126 ? 'EACCES' : 'ENOENT'
}
