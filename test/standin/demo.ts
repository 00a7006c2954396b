/** `npm run demo`: the whole bridge on this machine, with the stand-in for a model. No account, no internet. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { banner } from './banner.js'
import { demoBehaviour, unhurried } from './demo-behaviour.js'
import { demoEnvironment } from './demo-environment.js'
import { freePort, isTaken } from './ports.js'
import { startStandin } from './standin.js'

/** so that an answer is seen to come word by word */
const tokenDelayMs = 25
/** a bridge that does not end by then is killed */
const endMs = 20_000

const serverFile = fileURLToPath(new URL('../../src/server.js', import.meta.url))
const host = process.env['HOST'] || '127.0.0.1'
const stop = new AbortController()
// a terminal sends Ctrl-C to npm and to us, npm sends it on: the first one counts
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())

process.exitCode = await run()

/** @returns the exit code: 0 after a signal, the bridge's own where it ended by itself */
async function run(): Promise<number> {
  const standin = await startStandin({
    keep: 1,
    fallback: (request) => unhurried(demoBehaviour(request), tokenDelayMs),
  })
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'claude-bridge-demo-'))
  try {
    const wanted = process.env['PORT'] || '3010'
    // what is no port at all is left to the bridge to refuse
    const port = wanted === '0' ? await freePort(host) : wanted
    const env = demoEnvironment(process.env, { standinUrl: standin.url, dataDir, host, port })
    // with a foreign server on that port the bridge will say so and end; its health must not be taken for ours
    const foreign = await isTaken(host, Number(port))
    // a group of its own: the terminal's Ctrl-C must not reach it beside our SIGTERM
    const bridge = spawn(process.execPath, [serverFile], {
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    })
    return await supervise(bridge, foreign ? undefined : bridgeUrl(port))
  } finally {
    await standin.close()
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

async function supervise(bridge: ChildProcess, url: string | undefined): Promise<number> {
  const exited = once(bridge, 'exit') as Promise<[number | null]>
  // whatever happens to us, the bridge does not outlive us
  process.on('exit', () => bridge.kill('SIGKILL'))
  const over = new AbortController()
  void exited.finally(() => over.abort())
  const signal = AbortSignal.any([stop.signal, over.signal])
  if (url !== undefined && (await answers(`${url}/health`, signal))) process.stdout.write(banner(url, process.env))
  if (!signal.aborted) await once(signal, 'abort')
  if (over.signal.aborted) return (await exited)[0] ?? 1

  bridge.kill('SIGTERM')
  const limit = setTimeout(() => bridge.kill('SIGKILL'), endMs)
  await exited
  clearTimeout(limit)
  return 0
}

/** @returns false where the signal came first */
async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    try {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]) })
      await response.body?.cancel()
      return true
    } catch {
      await sleep(100)
    }
  }
  return false
}

function bridgeUrl(port: number | string): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
