/** Several servers on one Redis, each a process of its own, and a stand-in for the model's API behind all of them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'
import { type ServerProcess, startServer } from '../chaos/server-process.js'
import { type Ends, type RedisServer, startRedis } from '../redis.js'
import { workspaceRootOf } from '../../workspace/workspace.js'
import { openDoor } from '../standin/door.js'
import { type Standin, type StandinOptions, startStandin } from '../standin/index.js'

export interface Cluster {
  redis: RedisServer
  /** a connection of the test's own */
  client: Redis
  standin: Standin
  servers: ServerProcess[]
  /** Starts one more, of this build or another. */
  start(env?: Record<string, string>, program?: string): Promise<ServerProcess>
  post(server: ServerProcess, route: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  get(server: ServerProcess, route: string, headers?: Record<string, string>): Promise<Response>
  /** where the runs of all servers have their folders, also of those that were killed */
  workspaceRoots(): string[]
}

export interface ClusterOptions {
  servers?: number
  standin?: StandinOptions
  env?: Record<string, string>
  redis?: readonly string[]
  /** calls of `direct` of all servers together; left out: four */
  atOnce?: number
}

/** The servers' names among themselves. */
const replicas = new Map<ServerProcess, string>()

/** The server that runs a job. */
export async function runnerOf({ client, servers }: Cluster, id: string): Promise<ServerProcess> {
  const runner = await client.hget(`claude-bridge:job:${id}`, 'runner')
  const server = servers.find((each) => replicas.get(each) === runner)
  if (server === undefined) throw new Error(`no server runs ${id}`)
  return server
}

/** Ends with `t`. The model `direct` asks the stand-in without a CLI, at most four at once. */
export async function startCluster(
  t: Ends,
  { servers = 2, standin: options, env: common = {}, redis: more, atOnce = 4 }: ClusterOptions = {},
): Promise<Cluster> {
  const redis = await startRedis(t, more)
  const standin = await startStandin(options)
  const door = await openDoor(standin.url)
  const folder = mkdtempSync(path.join(tmpdir(), 'bridge-cluster-'))
  const started: ServerProcess[] = []
  const client = new Redis(redis.url)
  // Redis is killed in some tests
  client.on('error', () => {})
  let number = 0
  const start = async (own: Record<string, string> = {}, program?: string) => {
    const env = {
      ...{ ANTHROPIC_BASE_URL: standin.url, ANTHROPIC_API_KEY: 'none', DATA_DIR: path.join(folder, String(number++)) },
      ...{ STORE_URL: redis.url, WARM_PROCESSES: '0', MAX_CONCURRENT: '2' },
      UPSTREAMS: JSON.stringify({ door: { base_url: door.url, models: ['direct'], max_concurrent: atOnce } }),
      ...common,
      ...own,
    }
    const server = await startServer(env, program)
    started.push(server)
    // it says its name to the others when it is at work
    const names = (await client.keys('claude-bridge:replica:*')).map((key) => key.slice('claude-bridge:replica:'.length))
    for (const name of names) if (![...replicas.values()].includes(name)) replicas.set(server, name)
    return server
  }
  const workspaceRoots = () => Array.from({ length: number }, (_, index) => workspaceRootOf(path.join(folder, String(index))))
  t.teardown(async () => {
    client.disconnect()
    await Promise.all(started.map((server) => server.stop().catch(() => undefined)))
    await door.close()
    await standin.close()
    // of servers that were killed
    for (const root of workspaceRoots()) rmSync(root, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  })
  for (let index = 0; index < servers; index++) await start()
  return {
    ...{ redis, client, standin, servers: started, start, workspaceRoots },
    post: (server, route, body, headers = {}) =>
      fetch(server.url + route, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    get: (server, route, headers = {}) => fetch(server.url + route, { headers }),
  }
}

/** A chat request with these words, of the model that needs no CLI. */
export function chat(words: string, more: object = {}): object {
  return { model: 'direct', messages: [{ role: 'user', content: words }], ...more }
}
