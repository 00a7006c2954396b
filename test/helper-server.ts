/** `dist/src/server.js` as a process of its own, for how it starts and how it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { workspaceMarker } from '../src/claude/process/environment.js'
import { openWorkspaceRoot } from '../workspace/workspace.js'
import { until } from './helper.js'

export interface ServerEnd {
  code: number | null
  signal: string | null
}

export interface Server {
  /** of a server that listens */
  url: string
  process: ChildProcess
  stdout(): string
  stderr(): string
  ended: Promise<ServerEnd>
  /** ids of the processes that work for it */
  workers(): number[]
}

const program = path.join(import.meta.dirname, '../src/server.js')

/** A folder that is removed when the test is over. */
export function temporary(t: Test): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-server-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** Starts it with exactly that environment; resolves when it listens or has ended. @param file of a server that lies elsewhere */
export async function startServer(t: Test, env: Record<string, string>, file = program): Promise<Server> {
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  let over = false
  const ended = once(child, 'close').then(([code, signal]): ServerEnd => {
    over = true
    return { code: code as number | null, signal: signal as string | null }
  })
  const workspaces = env['DATA_DIR'] === undefined ? null : path.resolve(env['DATA_DIR'])
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
    if (workspaces === null) return
    const root = openWorkspaceRoot(workspaces)
    await endOrphans(root)
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  })
  const url = () => /Server listening at (http:\/\/[^"]+)/.exec(output.stdout)?.[1]
  // it listens before it has taken up what an earlier one left
  await until(() => over || (url() !== undefined && output.stdout.includes('took up what an earlier server had left')), 60_000)
  return {
    url: url() ?? '',
    process: child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    ended,
    workers: () => (workspaces === null ? [] : processesBelow(openWorkspaceRoot(workspaces))),
  }
}

/** A killed server's CLI processes live until they notice, and write into folders that the test wants to remove. */
async function endOrphans(root: string): Promise<void> {
  await until(() => {
    const left = processesBelow(root)
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // gone in between
      }
    }
    return left.length === 0
  })
}

/** Found by the mark in their environment, as the next server finds them. */
function processesBelow(root: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return []
    try {
      const environ = readFileSync(`/proc/${entry}/environ`, 'latin1')
      return environ.includes(`${workspaceMarker}=${root}/`) ? [Number(entry)] : []
    } catch {
      return []
    }
  })
}
