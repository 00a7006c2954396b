/** A mutant: a patch file with a header that says what the fault is and which tests catch it. */
import { readFileSync, readdirSync } from 'node:fs'
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
  /** everything before the diff */
  header: string
  /** paths of the files that the diff changes, from the root of the project */
  changes: string[]
}

/** Reads every `*.patch` of a folder, in the order of the names. @throws Error that names a file whose header is not complete */
export function readMutants(folder: string): Mutant[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.patch'))
  return files.sort().map((file) => readMutant(path.join(folder, file)))
}

function readMutant(file: string): Mutant {
  const text = readFileSync(file, 'utf8')
  const start = text.search(/^diff --git /m)
  const wrong = (why: string) => new Error(`${path.basename(file)}: ${why}`)
  if (start === -1) throw wrong('has no diff')
  const header = text.slice(0, start)
  const field = (name: string) => new RegExp(`^${name}: *(.+)$`, 'm').exec(header)?.[1]?.trim() ?? ''
  const kind = kinds.find((one) => one === field('Kind'))
  const part = parts.find((one) => one === field('Part'))
  const tests = field('Tests').split(/\s+/).filter(Boolean)
  if (kind === undefined) throw wrong(`Kind must be one of ${kinds.join(', ')}`)
  if (part === undefined) throw wrong(`Part must be one of ${parts.join(', ')}`)
  if (tests.length === 0) throw wrong('names no tests')
  const changes = [...text.slice(start).matchAll(/^\+\+\+ b\/(.+)$/gm)].map((match) => match[1]!)
  return { name: path.basename(file, '.patch'), file, kind, part, tests, header, changes }
}
