/** Runs test files in one process and says of each how it went. */
import path from 'node:path'
import { execa } from 'execa'
import { type Counts, countsOf, failuresOf, isWhole, partsOf } from './tap-text.js'

export interface FileResult {
  file: string
  /** null: passed */
  problem: string | null
}

export interface ProcessResult {
  files: FileResult[]
  counts: Counts
  failures: string[]
  /** all that it printed */
  tap: string
  seconds: number
}

/** Seconds for each file after which tap ends a process that has set no limit of its own. */
const limitS = 180

/** `preload`: a module that each process loads first. Never rejects for what a test does. */
export async function runFiles(files: readonly string[], preload?: string): Promise<ProcessResult> {
  const begun = performance.now()
  const shared = files.length > 1 ? [path.join(import.meta.dirname, 'shared.js')] : []
  const imports = preload === undefined ? [] : [`--import=${preload}`]
  const run = await execa(process.execPath, [...imports, ...shared, ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 1e9,
    env: { TAP_TIMEOUT: String(limitS * files.length), TAP: '1' },
    // for a process that no longer obeys tap's own limit
    timeout: 2 * limitS * files.length * 1000,
    forceKillAfterDelay: 10_000,
  })
  const tap = run.stdout
  const counts = countsOf(tap)
  const end = run.signal ?? `exit code ${String(run.exitCode)}`
  const ended = run.exitCode === 0 && isWhole(tap) ? null : end
  const results = files.length > 1 ? ofShared(files, tap, ended) : [{ file: files[0]!, problem: ended }]
  // a file that crashed before its first assertion fails without one
  if (results.some(({ problem }) => problem !== null) && counts.failed === 0) counts.failed = 1
  return { files: results, counts, failures: failuresOf(tap), tap, seconds: (performance.now() - begun) / 1000 }
}

function ofShared(files: readonly string[], tap: string, ended: string | null): FileResult[] {
  const parts = partsOf(tap, files)
  const results: FileResult[] = files.map((file, i) => {
    if (parts[i] === undefined) return { file, problem: 'not reached' }
    return { file, problem: /^not ok /m.test(parts[i]) ? 'failed assertions' : null }
  })
  // the last file that was begun ended the process, if one was not reached or no file explains the end
  const last = Math.max(
    0,
    parts.findLastIndex((part) => part !== undefined),
  )
  const explained = results.some(({ problem }) => problem === 'failed assertions')
  if (last < files.length - 1 || (ended !== null && !explained)) results[last]!.problem ??= ended ?? 'ended the process'
  return results
}
