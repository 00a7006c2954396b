/** Which test files share a process: the start of a process and the loading of tap take longer than these files themselves. */
import path from 'node:path'

/**
 * Paths from `test/`, without `.test.js`; a name that ends in `/` stands for a whole folder. A file belongs here if it starts no server and
 * no process, changes nothing global (environment, working directory, handlers of `process`, timers that outlive it) and takes less than
 * two seconds.
 */
const light = [
  'claude/activity',
  'claude/environment',
  'claude/failure',
  'claude/lines',
  'claude/redact',
  'claude/settings',
  'claude/stop-cutter',
  'claude/transcript',
  'config',
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
  'jobs/queue',
  'jobs/readers',
  'jobs/recovery',
  'jobs/status',
  'logger',
  'mcp/aliases',
  'mcp/merge',
  'mcp/registry',
  'net/',
  'openai/',
  'seed/document',
  'upstreams/mapping',
  'upstreams/settings',
  'validation/plan',
  'webhooks/allowed-hosts',
  'workspace/',
]

/** `file`: path of a compiled test from `test/`, with slashes. */
export function isLight(file: string): boolean {
  const name = file.replace(/\.test\.js$/, '')
  return light.some((entry) => (entry.endsWith('/') ? name.startsWith(entry) : name === entry))
}

/** Light files by folder, each group for one process; any other file by itself. `files`: compiled tests, `root`: the folder they are below. */
export function groups(files: readonly string[], root: string): string[][] {
  const shared = new Map<string, string[]>()
  const alone: string[][] = []
  for (const file of files) {
    const name = path.relative(root, file).split(path.sep).join('/')
    const folder = name.split('/')[0]!
    if (!isLight(name)) alone.push([file])
    else shared.set(folder, [...(shared.get(folder) ?? []), file])
  }
  return [...alone, ...shared.values()]
}
