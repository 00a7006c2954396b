/** Several servers on one Redis, each a process of its own, and a stand-in for the model's API behind all of them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { type ServerProcess, startServer } from '../chaos/server-process.js'
import { type RedisServer, startRedis } from '../redis.js'
import { openDoor } from '../standin/door.js'
import { type Standin, type StandinOptions, startStandin } from '../standin/index.js'

export interface Cluster {
  redis: RedisServer
  standin: Standin
  servers: ServerProcess[]
  /** Starts one more. */
  start(env?: Record<string, string>): Promise<ServerProcess>
  post(server: ServerProcess, route: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  get(server: ServerProcess, route: string, headers?: Record<string, string>): Promise<Response>
}

export interface ClusterOptions {
  servers?: number
  standin?: StandinOptions
  env?: Record<string, string>
  redis?: readonly string[]
}

/** Ends with the test. The model `direct` asks the stand-in without a CLI, at most four at once on each server. */
export async function startCluster(t: Test, { servers = 2, standin: options, env = {}, redis: more }: ClusterOptions = {}): Promise<Cluster> {
  const redis = await startRedis(t, more)
  const standin = await startStandin(options)
  const door = await openDoor(standin.url)
  const folder = mkdtempSync(path.join(tmpdir(), 'bridge-cluster-'))
  const started: ServerProcess[] = []
  let number = 0
  const start = async (own: Record<string, string> = {}) => {
    const server = await startServer({
      ...{ ANTHROPIC_BASE_URL: standin.url, ANTHROPIC_API_KEY: 'none', DATA_DIR: path.join(folder, String(number++)) },
      ...{ STORE_URL: redis.url, WARM_PROCESSES: '0', MAX_CONCURRENT: '2' },
      UPSTREAMS: JSON.stringify({ door: { base_url: door.url, models: ['direct'], max_concurrent: 4 } }),
      ...env,
      ...own,
    })
    started.push(server)
    return server
  }
  t.teardown(async () => {
    await Promise.all(started.map((server) => server.stop().catch(() => undefined)))
    await door.close()
    await standin.close()
    rmSync(folder, { recursive: true, force: true })
  })
  for (let index = 0; index < servers; index++) await start()
  return {
    ...{ redis, standin, servers: started, start },
    post: (server, route, body, headers = {}) =>
      fetch(server.url + route, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }),
    get: (server, route, headers = {}) => fetch(server.url + route, { headers }),
  }
}

/** A chat request with these words, of the model that needs no CLI. */
export function chat(words: string, more: object = {}): object {
  return { model: 'direct', messages: [{ role: 'user', content: words }], ...more }
}
