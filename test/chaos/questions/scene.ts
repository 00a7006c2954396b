/** A server process with a stand-in of its own and a watch over its processes, and what is left of it when it has ended. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openWorkspaceRoot } from '../../../workspace/workspace.js'
import { type Standin, type StandinOptions, startStandin } from '../../standin/index.js'
import { realCli } from '../../claude/real-cli.js'
import { PoolWatch, type Watched } from '../pool-watch.js'
import { foldersIn, livingOn, startServer } from '../server-process.js'

export type Login = 'key' | 'oauth'
/** `reuse`: as the server is by default; `per-job`: no process is asked again; `unchecked`: a CLI whose check fails */
export type Mode = 'reuse' | 'per-job' | 'unchecked'

export const owners = ['a', 'b', 'c', 'd', 'e']
export const keyOf = (owner: string): string => `key-of-${owner}-0123456789abcdef`

const logins: Record<Login, Record<string, string>> = {
  key: { ANTHROPIC_API_KEY: 'none' },
  oauth: { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'token-of-the-stand-in' },
}

/** Ends by itself only where no handle and no timer keeps it. */
const program = path.join(import.meta.dirname, '../pool-server.js')

export interface Left {
  /** of the server; null: it had to be killed, so that something still kept it */
  exitCode: number | null
  processes: number
  folders: number
  portOpen: boolean
  /** model calls that nothing ended */
  upstreamOpen: number
}

export interface Scene {
  url: string
  /** of the CLI's workspaces */
  root: string
  standin: Standin
  watch: PoolWatch
  /** of the server, in bytes */
  rss(): number
  /** open files of the server */
  files(): number
  /** Ends the server in order. */
  stop(): Promise<{ watched: Watched; left: Left }>
  /** Ends everything, whatever state it is in. */
  remove(): Promise<void>
}

export interface SceneOptions {
  login: Login
  mode: Mode
  standin: StandinOptions
  env: Record<string, string>
  /** between two looks at the processes */
  lookMs: number
}

const quietWithinMs = 30_000

export async function openScene({ login, mode, standin: options, env, lookMs }: SceneOptions): Promise<Scene> {
  const home = mkdtempSync(path.join(os.tmpdir(), 'bridge-questions-'))
  const dataDir = path.join(home, 'data')
  const root = openWorkspaceRoot(dataDir)
  const standin = await startStandin(options)
  const server = await startServer(
    {
      ...logins[login],
      ANTHROPIC_BASE_URL: standin.url,
      API_KEYS: owners.map((owner) => `${owner}:${keyOf(owner)}`).join(','),
      DATA_DIR: dataDir,
      HOME: home,
      ...(mode === 'per-job' && { PROCESS_PER_JOB: '1' }),
      ...(mode === 'unchecked' && { CLAUDE_BIN: await failingCheck(home, standin.url) }),
      ...env,
    },
    program,
  )
  const watch = new PoolWatch(server.url, root, { key: keyOf(owners[0]!), pauseMs: lookMs })
  watch.start()
  return {
    ...{ url: server.url, root, standin, watch },
    rss: () => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))![1]) * 1024,
    files: () => readdirSync(`/proc/${server.pid}/fd`).length,
    async stop() {
      const watched = await watch.stop()
      const exitCode = (await server.stop()) ?? null
      return {
        watched,
        left: {
          exitCode,
          processes: (await livingOn(root)).length,
          folders: foldersIn(root),
          portOpen: await accepts(Number(new URL(server.url).port)),
          upstreamOpen: standin.calls.filter(({ endedAt, closed }) => endedAt === undefined && !closed).length,
        },
      }
    },
    async remove() {
      await watch.stop()
      await server.kill()
      await standin.close()
      for (const folder of [home, root]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Resolves when no job runs, or after a while. */
export async function quiet({ watch }: Scene): Promise<void> {
  const deadline = Date.now() + quietWithinMs
  while ((await watch.health()).slots.in_use > 0 && Date.now() < deadline) await sleep(50)
}

/** Findings in what is left; empty where nothing is. */
export function leftOver({ exitCode, ...counts }: Left): string[] {
  const found = Object.entries(counts).flatMap(([name, count]) => (Number(count) === 0 ? [] : [`left: ${name} ${count}`]))
  return exitCode === 0 ? found : [...found, `the server ended with ${exitCode}`]
}

/** The real CLI as a program that is not known, and that ends at once wherever it is to ask anything but the stand-in, as its check has it do. */
async function failingCheck(folder: string, standinUrl: string): Promise<string> {
  const { binary } = await realCli()
  const file = path.join(folder, 'claude')
  const lines = ['#!/bin/sh', `[ "$1" = --version ] || [ "$ANTHROPIC_BASE_URL" = '${standinUrl}' ] || exit 1`, `exec '${binary}' "$@"`]
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o755 })
  return file
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
