/** Who may import whom: the rules of the house as functions, so that they can be tested themselves. */
import path from 'node:path'
import ts from 'typescript'

/** A wrong import, in words. */
export type Violation = string

/** What nothing of ours is above: every room may import it. */
const everywhere = [
  'errors',
  'limiter',
  'lines',
  'lru',
  'make-folder',
  'memory',
  'redact',
  'slices',
  'threads',
  'version',
  'within',
] as const

/** The rooms, and the other rooms that each may import. A room is a folder of `src` or of `mcp`, or `workspace`. */
const rooms: Record<string, readonly string[]> = {
  request: [],
  workspace: [],
  net: [],
  schema: [],
  jobs: ['request'],
  'mcp/job': ['request', 'schema'],
  keys: ['request', 'jobs', 'mcp/job'],
  claude: ['request', 'jobs', 'mcp/job', 'schema', 'workspace'],
  upstreams: ['request', 'jobs'],
  validation: ['request', 'jobs', 'schema'],
  spending: ['jobs'],
  // reads what each part says of its own settings
  config: ['request', 'mcp/job', 'upstreams', 'http', 'net', 'webhooks', 'spending', 'src/api-keys', 'src/claude/process/alias-models'],
  quotas: ['jobs'],
  replicas: ['request', 'jobs', 'quotas', 'workspace'],
  // of validation only what it needs to read a request's checks
  openai: ['request', 'jobs', 'schema', 'src/validation/parsing'],
  tasks: ['request', 'jobs', 'openai'],
  intake: ['request', 'jobs', 'net', 'schema'],
  webhooks: ['jobs', 'net', 'tasks'],
  metrics: ['jobs'],
  telemetry: ['request', 'jobs'],
  http: ['request', 'jobs', 'intake', 'openai', 'tasks', 'keys'],
  'mcp/server': ['request', 'jobs', 'intake', 'openai', 'tasks'],
}

/** What puts the rooms together may import all of them, and no room imports it. */
const composing = /^(src\/(plugins\/|cli\/|[^/]+$)|routes\/)/

interface PackageRule {
  /** paths from the root that the rule is about */
  from: RegExp
  /** packages that these must not import */
  never: RegExp
  because: string
}

const packageRules: PackageRule[] = [
  {
    from: /^(src\/(openai|validation|jobs|replicas|request|schema|tasks|intake)|mcp|workspace)\//,
    never: /^(fastify|fastify-plugin|@fastify)(\/|$)/,
    because: 'it has to work without a server',
  },
  {
    from: /^src\/(openai|request|tasks|schema)\//,
    never: /^(node:)?(fs|child_process|net|tls|http|https|http2|dgram|dns|worker_threads|cluster)(\/|$)|^undici$/,
    because: 'it does no input or output',
  },
  { from: /^routes\//, never: /^src\/claude\/|^(node:)?child_process$/, because: 'routes talk to jobs, never to a process' },
  { from: /^(?!src\/claude\/|workspace\/leftovers$)/, never: /^execa(\/|$)/, because: 'processes are the business of src/claude' },
  {
    from: /^(?!src\/telemetry\/otlp\/)/,
    never: /^@opentelemetry(\/|$)/,
    because: 'it is loaded only where there is an endpoint for it',
  },
  { from: /^/, never: /^test\//, because: 'what is shipped does not need the tests' },
]

/** Modules that a source text names in `import`, `export … from`, `import()`, `import type` and `require`. */
export function importsOf(source: string): string[] {
  return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName)
}

/** Paths of the modules that a file imports, from the root and without extension; packages by their names. */
export function modulesOf(file: string, source: string): string[] {
  return importsOf(source).map((specifier) =>
    specifier.startsWith('.') ? withoutExtension(path.posix.join(path.posix.dirname(file), specifier)) : specifier,
  )
}

/** What is wrong with the imports of one file; `file` is its path from the root, with slashes. */
export function violations(file: string, source: string): Violation[] {
  const from = withoutExtension(file)
  return modulesOf(file, source).flatMap((module) => [
    ...packageRules
      .filter((rule) => rule.from.test(from) && rule.never.test(module))
      .map((rule) => `${file} imports ${module}: ${rule.because}`),
    ...(mayImport(from, module) ? [] : [`${file} imports ${module}: the table of rooms has no such way`]),
  ])
}

function mayImport(from: string, module: string): boolean {
  if (composing.test(from) && !isEverywhere(from)) return true
  const to = roomOf(module)
  // a package, or something that is no module of the house
  if (to === null || to === roomOf(from)) return true
  if (isEverywhere(module)) return true
  return rooms[roomOf(from) ?? '']?.some((allowed) => allowed === to || allowed === module) ?? false
}

function isEverywhere(module: string): boolean {
  return everywhere.some((name) => module === `src/${name}` || module.startsWith(`src/${name}/`))
}

/** Null for what belongs to no part of the house. */
function roomOf(module: string): string | null {
  const [first, second, ...deeper] = module.split('/')
  if (first === 'workspace' || first === 'routes') return first
  if (first === 'mcp') return `mcp/${second}`
  if (first !== 'src' || second === undefined) return null
  return deeper.length > 0 ? second : `src/${second}`
}

/** The first circle of imports among the files, as their paths in a row; null if there is none. `imports`: of each file, those it imports. */
export function circleIn(imports: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>()
  const way: string[] = []
  const visit = (file: string): string[] | null => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
    if (done.has(file)) return null
    way.push(file)
    for (const next of imports.get(file) ?? []) {
      const found = visit(next)
      if (found !== null) return found
    }
    way.pop()
    done.add(file)
    return null
  }
  for (const file of imports.keys()) {
    const found = visit(file)
    if (found !== null) return found
  }
  return null
}

function withoutExtension(file: string): string {
  return file.replace(/\.[cm]?[jt]s$/, '')
}
