/** Which test files share a process: the start of a process and the loading of tap take longer than these files themselves. */
import path from 'node:path'

/**
 * Paths from `test/`, without `.test.js`; a name that ends in `/` stands for a whole folder. A file belongs here if it starts no server and
 * no process, changes nothing global (environment, working directory, handlers of `process`, timers that outlive it) and takes less than
 * two seconds.
 */
const light = [
  'claude/activity',
  'claude/check/bodies',
  'claude/environment',
  'claude/failure',
  'claude/lines',
  'claude/redact',
  'claude/settings',
  'claude/stop-cutter',
  'claude/transcript',
  'config',
  'documents',
  'http/headers',
  'imports',
  'jobs/answer',
  'jobs/cancel',
  'jobs/capacity',
  'jobs/choices',
  'jobs/expiry',
  'jobs/writer',
  'jobs/idempotency',
  'jobs/ids',
  'jobs/lanes',
  'jobs/log',
  'jobs/readers',
  'jobs/recovery',
  'jobs/status',
  'jobs/tokens',
  'limiter',
  'logger',
  'mcp/aliases',
  'mcp/merge',
  'mcp/registry',
  'net/',
  'openai/',
  'properties/',
  'seed/document',
  'upstreams/mapping',
  'upstreams/settings',
  'validation/plan',
  'webhooks/allowed-hosts',
  'workspace/',
]

/**
 * Files with a bridge of their own share a process as well: loading the server's modules takes a second of CPU. No more than four at a time,
 * so that the two lanes of a run stay busy alike, and only files that change and read nothing of the process (as `routes/metrics` does); what
 * they start is ended between them.
 */
const together: readonly (readonly string[])[] = [
  ['claude/warm-prefix', 'claude/warm-prefix-login', 'claude/warm-owners'],
  ['clients/openai-answers', 'clients/openai-responses-tools'],
  ['clients/openai-parse', 'clients/openai-responses'],
  ['mcp/bridge-entry', 'mcp/descriptions', 'mcp/servers'],
  ['routes/access', 'routes/bad-requests', 'routes/body-limits', 'routes/check'],
  ['routes/answer-cache', 'routes/responses-live', 'routes/slow-reader', 'routes/tasks'],
  ['routes/dashboard', 'routes/files', 'routes/functions-login', 'routes/health'],
  ['routes/delivery', 'routes/idempotency', 'routes/keep-alive', 'routes/leaving'],
  ['routes/openapi', 'routes/pages', 'routes/slow-requests', 'routes/strangers'],
  ['upstreams/answers', 'upstreams/failures', 'upstreams/fallbacks'],
]

/** `file`: path of a compiled test from `test/`, with slashes. */
export function isLight(file: string): boolean {
  const name = file.replace(/\.test\.js$/, '')
  return light.some((entry) => (entry.endsWith('/') ? name.startsWith(entry) : name === entry))
}

/**
 * The files that share a process, each group for one process; any other file by itself, and first, as those take longest. `files`: compiled
 * tests, `root`: the folder they are below.
 */
export function groups(files: readonly string[], root: string): string[][] {
  const shared = new Map<unknown, string[]>()
  const alone: string[][] = []
  for (const file of files) {
    const name = path.relative(root, file).split(path.sep).join('/')
    const group =
      together.find((names) => names.includes(name.replace(/\.test\.js$/, ''))) ?? (isLight(name) ? name.split('/')[0] : undefined)
    if (group === undefined) alone.push([file])
    else shared.set(group, [...(shared.get(group) ?? []), file])
  }
  return [...alone, ...shared.values()]
}
