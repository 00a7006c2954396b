/** A mutant: a patch file with a header that says what the fault is and which tests catch it. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

export const kinds = ['place', 'owner', 'end', 'secret', 'check'] as const
export const parts = ['jobs', 'claude', 'openai', 'http', 'validation', 'upstreams', 'mcp', 'webhooks'] as const

export interface Mutant {
  /** the file's name without `.patch` */
  name: string
  file: string
  kind: (typeof kinds)[number]
  part: (typeof parts)[number]
  /** paths of test files from the root of the project, as `test/jobs/queue.test.ts` */
  tests: string[]
  /** everything before the diff; names the tests where they are now */
  header: string
  /** names the files where they are now */
  diff: string
  /** paths of the files that the diff changes, from the root of the project */
  changes: string[]
  /** a path in the patch file is not the one of today */
  moved: boolean
}

/**
 * Reads every `*.patch` of `test/mutants`, in the order of the names. A file that a patch names and that has been moved is found by its
 * name. `root`: the project's folder.
 *
 * @throws Error that names a patch whose header is not complete
 */
export function readMutants(root: string): Mutant[] {
  const folder = path.join(root, 'test/mutants')
  const sources = sourcesOf(root)
  const files = readdirSync(folder).filter((file) => file.endsWith('.patch'))
  return files.sort().map((file) => readMutant(path.join(folder, file), (named) => placeOf(named, root, sources)))
}

function readMutant(file: string, placeNow: (named: string) => string): Mutant {
  // as `git diff` writes it
  const text = readFileSync(file, 'utf8').replace(/^index [\da-f]+\.\.[\da-f]+.*\n/gm, '')
  const start = text.search(/^diff --git /m)
  const wrong = (why: string) => new Error(`${path.basename(file)}: ${why}`)
  if (start === -1) throw wrong('has no diff')
  const written = text.slice(0, start)
  const field = (name: string) => new RegExp(`^${name}: *(.+)$`, 'm').exec(written)?.[1]?.trim() ?? ''
  const kind = kinds.find((one) => one === field('Kind'))
  const part = parts.find((one) => one === field('Part'))
  const tests = field('Tests').split(/\s+/).filter(Boolean).map(placeNow)
  if (kind === undefined) throw wrong(`Kind must be one of ${kinds.join(', ')}`)
  if (part === undefined) throw wrong(`Part must be one of ${parts.join(', ')}`)
  if (tests.length === 0) throw wrong('names no tests')
  const header = written.replace(/^Tests:.*$/m, `Tests: ${tests.join(' ')}`)
  const changes: string[] = []
  const diff = text.slice(start).replace(/^diff --git a\/(.+) b\/\1\n--- a\/\1\n\+\+\+ b\/\1$/gm, (_lines, named: string) => {
    const now = placeNow(named)
    changes.push(now)
    return headOf(now)
  })
  if (changes.length === 0) throw wrong('its diff names no file that stays where it is')
  return { name: path.basename(file, '.patch'), file, kind, part, tests, header, diff, changes, moved: header + diff !== text }
}

/** The lines of a diff that name its file. */
export function headOf(file: string): string {
  return `diff --git a/${file} b/${file}\n--- a/${file}\n+++ b/${file}`
}

/** Every source file, as a path from the root of the project with slashes. */
function sourcesOf(root: string): string[] {
  const folders = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !/^\.|^(dist|node_modules)$/.test(entry.name),
  )
  return folders.flatMap(({ name }) =>
    readdirSync(path.join(root, name), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => path.join(name, file).split(path.sep).join('/')),
  )
}

/**
 * The path of a file that may have been moved: of those of its name, the one whose last folders are the same. The path as it was named where
 * there is none or more than one; it then leads nowhere, and the mutant does not apply.
 */
function placeOf(named: string, root: string, sources: readonly string[]): string {
  if (existsSync(path.join(root, named))) return named
  const tests = named.startsWith('test/')
  let found = sources.filter((file) => file.startsWith('test/') === tests)
  const names = named.split('/')
  for (let length = 1; length <= names.length; length++) {
    const tail = `/${names.slice(-length).join('/')}`
    const closer = found.filter((file) => `/${file}`.endsWith(tail))
    if (closer.length === 0) break
    found = closer
    if (found.length === 1) return found[0]!
  }
  return named
}
