/** What a Redis has to be for jobs to be kept on it: refused where they cannot be, warned of where they could be lost. */
import type { Redis } from 'ioredis'

/** The oldest that has what the scripts use. */
const oldest = [6, 2] as const

/** @returns warnings, each of which names the setting. @throws Error where it is too old, or a Cluster */
export async function checkServer(redis: Pick<Redis, 'info'>): Promise<string[]> {
  const info = parse(await redis.info())
  const version = info.get('redis_version') ?? ''
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
    throw new Error(`Redis ${version} is too old: ${oldest.join('.')} is the oldest that jobs can be kept on`)
  }
  if (info.get('cluster_enabled') === '1') throw new Error('Redis is a Cluster (cluster-enabled yes): jobs need one that is none')
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  return [
    ...(info.get('aof_enabled') === '0'
      ? ['Redis keeps no append-only file (appendonly no): what was acknowledged is lost when it crashes. Set appendonly yes.']
      : []),
    ...(policy === 'noeviction'
      ? []
      : [`Redis may throw records away when its memory is full (maxmemory-policy ${policy}). Set maxmemory-policy noeviction.`]),
  ]
}

function parse(info: string): Map<string, string> {
  return new Map(info.split(/\r?\n/).flatMap((line) => (/^\w+:/.test(line) ? [line.split(/:(.*)/s, 2) as [string, string]] : [])))
}
