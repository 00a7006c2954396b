/** `npm run cluster`: three servers on one Redis behind a balancer, on this machine, with the stand-in for a model. No container, no account. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { workspaceRootOf } from '../../workspace/workspace.js'
import { type Balancer, openBalancer } from './balancer.js'
import { clusterBanner } from './cluster-banner.js'
import { demoBehaviour, unhurried } from './demo-behaviour.js'
import { demoEnvironment } from './demo-environment.js'
import { freePort } from './ports.js'
import { startStandin } from './standin.js'

/** so that an answer is seen to come word by word */
const tokenDelayMs = 25
const servers = 3
/** a server that does not end by then is killed */
const endMs = 20_000
const startMs = 60_000
const host = '127.0.0.1'

const serverFile = fileURLToPath(new URL('../../src/server.js', import.meta.url))
const stop = new AbortController()
// a terminal sends Ctrl-C to npm and to us, npm sends it on: the first one counts
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())

const children: ChildProcess[] = []
// whatever happens to us, none of them outlives us
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

process.exitCode = await run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  return 1
})

async function run(): Promise<number> {
  const standin = await startStandin({ keep: 1, fallback: (request) => unhurried(demoBehaviour(request), tokenDelayMs) })
  const folder = await mkdtemp(path.join(os.tmpdir(), 'claude-bridge-cluster-'))
  let balancer: Balancer | undefined
  try {
    const redis = await startRedis(path.join(folder, 'redis'))
    const filesDir = path.join(folder, 'files')
    mkdirSync(filesDir)
    const started = []
    for (let number = 1; number <= servers && !stop.signal.aborted; number++) {
      const port = await freePort(host)
      const env = demoEnvironment(process.env, { standinUrl: standin.url, dataDir: path.join(folder, String(number)), host, port })
      const ofCluster = { STORE_URL: redis, FILES_DIR: filesDir, WARM_PROCESSES: process.env['WARM_PROCESSES'] ?? '1', LOG_LEVEL: 'warn' }
      const child = start(process.execPath, [serverFile], { ...env, ...ofCluster })
      started.push({ child, pid: child.pid!, url: `http://${host}:${port}` })
    }
    for (const { url, child } of started) await untilAnswers(`${url}/health`, child)
    const urls = started.map(({ url }) => url)
    balancer = await openBalancer(urls, host, Number(process.env['PORT'] || 3010))
    if (!stop.signal.aborted) process.stdout.write(clusterBanner({ url: balancer.url, servers: started, redis }))
    // servers may be killed from outside: that is what it is for
    if (!stop.signal.aborted) await once(stop.signal, 'abort')
    return 0
  } finally {
    await balancer?.close()
    const [redis, ...all] = children
    await Promise.all(all.map(end))
    if (redis !== undefined) await end(redis)
    await standin.close()
    // of replicas that were killed
    for (let number = 1; number <= servers; number++)
      rmSync(workspaceRootOf(path.join(folder, String(number))), { recursive: true, force: true })
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

/** In a group of its own: the terminal's Ctrl-C must not reach it beside our SIGTERM. */
function start(program: string, given: string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(program, given, { env, stdio: ['ignore', 'ignore', 'inherit'], detached: true })
  child.on('error', () => {})
  children.push(child)
  return child
}

/** @returns its URL @throws where there is none on this machine */
async function startRedis(folder: string): Promise<string> {
  mkdirSync(folder)
  const port = await freePort(host)
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--maxmemory-policy', 'noeviction']
  const child = start('redis-server', ['--bind', host, '--port', String(port), '--dir', folder, ...durable], process.env)
  const missing = await once(child, 'spawn').then(
    () => null,
    (error: Error) => error,
  )
  if (missing !== null) throw new Error(`redis-server cannot be started (${missing.message}): apt install redis-server`)
  return `redis://${host}:${port}`
}

/** Returns at once where we are to stop. @throws where it ends, or does not answer in time */
async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  const limit = AbortSignal.timeout(startMs)
  while (!stop.signal.aborted) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('a server ended at its start: see above')
    if (limit.aborted) throw new Error(`${url} does not answer`)
    const answer = await fetch(url, { signal: AbortSignal.any([stop.signal, AbortSignal.timeout(2000)]) }).catch(() => null)
    await answer?.body?.cancel()
    if (answer !== null) return
    await sleep(100)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const over = once(child, 'exit')
  child.kill('SIGTERM')
  const limit = setTimeout(() => child.kill('SIGKILL'), endMs)
  await over
  clearTimeout(limit)
}
