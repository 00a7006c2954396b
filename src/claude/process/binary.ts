/** Which CLI binary runs: `CLAUDE_BIN`, or the one that npm installed for this platform. */
import { accessSync, constants, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { execa } from 'execa'
import { within } from '../../within.js'

export interface ClaudeBinary {
  path: string
  /** null where `--version` did not answer; `problem` says why */
  version: string | null
  problem: string | null
}

/**
 * The platform package is looked up directly. The wrapper's own `bin/claude.exe` is a stub that prints an install hint
 * wherever npm did not run install scripts, which npm 12 does not do by default.
 */
export function locateBinary(configured: string | undefined): { path: string; problem: string | null } {
  if (configured !== undefined) {
    const found = path.isAbsolute(configured) || configured.includes('/') ? path.resolve(configured) : findOnPath(configured)
    return { path: found, problem: problemOf(found) }
  }
  const require = createRequire(import.meta.url)
  const name = process.platform === 'win32' ? 'claude.exe' : 'claude'
  for (const suffix of isMusl() ? ['-musl', ''] : ['', '-musl']) {
    const packageName = `@anthropic-ai/claude-code-${process.platform}-${process.arch}${suffix}`
    try {
      const found = path.join(path.dirname(require.resolve(`${packageName}/package.json`)), name)
      return { path: found, problem: problemOf(found) }
    } catch {
      // not the package of this platform
    }
  }
  return {
    path: '',
    problem: 'the Claude CLI is not installed for this platform: run `npm install`, or set CLAUDE_BIN',
  }
}

/** Asks the binary for its version (7 to 80 ms, writes nothing, needs no HOME), for `limitMs` at most. Never rejects. */
export async function readVersion(
  binary: string,
  env: Record<string, string>,
  limitMs = 10_000,
  cancelSignal?: AbortSignal,
): Promise<ClaudeBinary> {
  const asked = execa(binary, ['--version'], {
    ...{ env, extendEnv: false, reject: false, stdin: 'ignore', timeout: limitMs, killSignal: 'SIGKILL' },
    ...(cancelSignal && { cancelSignal }),
  })
  const name = path.basename(binary)
  let problem = `${name} --version did not answer as the Claude CLI does`
  try {
    // a child of the program's may hold the output open for longer than the program lives
    const { stdout, timedOut } = await within(asked, limitMs + 1000, 'no answer')
    const version = /^(\d+\.\d+\.\d+)\S* \(Claude Code\)/.exec(stdout ?? '')?.[1]
    if (version !== undefined) return { path: binary, version, problem: null }
    if (timedOut) problem = `${name} --version did not answer within ${limitMs / 1000} s`
  } catch {
    problem = `${name} --version did not end within ${limitMs / 1000} s`
  }
  return { path: binary, version: null, problem }
}

function problemOf(file: string): string | null {
  try {
    if (!statSync(file).isFile()) return `CLAUDE_BIN is not a file`
    accessSync(file, constants.X_OK)
    return null
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return missing ? 'the Claude CLI binary is not there' : 'the Claude CLI binary cannot be executed'
  }
}

function findOnPath(name: string): string {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const candidate = path.join(folder, name)
    if (problemOf(candidate) === null) return candidate
  }
  return path.resolve(name)
}

function isMusl(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined
  return process.platform === 'linux' && report?.header?.glibcVersionRuntime === undefined
}
