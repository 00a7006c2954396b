/** The server as a process of its own, to be killed and started again on the same data. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { type ResultPromise, execa } from 'execa'
import { until } from '../until.js'

export interface ServerProcess {
  url: string
  pid: number
  /** it was neither killed nor stopped */
  readonly alive: boolean
  /** SIGKILL; resolves when it has gone */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code, undefined where the server did not end in 20 s and was killed */
  stop(): Promise<number | undefined>
}

/** How long a server may take to end by itself, on a busy machine. */
const endMs = 20_000
const server = path.join(import.meta.dirname, '../../src/server.js')

/** Starts it (or a program like it) on a free port and waits until `/health` answers; `onPid` is told its id before. @throws with its output if it does not */
export async function startServer(
  env: Record<string, string>,
  program = server,
  onPid?: (pid: number) => void,
  onLog?: (text: string) => void,
): Promise<ServerProcess> {
  const child: ResultPromise = execa(process.execPath, [program], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      CLAUDE_CODE_CERT_STORE: 'bundled',
      START_PROBE: '0',
      ...env,
      LOG_LEVEL: 'info',
      PORT: '0',
    },
    extendEnv: false,
    reject: false,
    buffer: false,
    stdin: 'ignore',
    stderr: 'inherit',
    forceKillAfterDelay: endMs,
  })
  onPid?.(child.pid!)
  if (onLog !== undefined) child.stdout!.on('data', (chunk: Buffer) => onLog(chunk.toString()))
  const url = await listening(child)
  return {
    url,
    pid: child.pid!,
    get alive() {
      return child.exitCode === null && child.signalCode === null
    },
    async kill() {
      child.kill('SIGKILL')
      await child
    },
    async stop() {
      child.kill('SIGTERM')
      return (await child).exitCode
    },
  }
}

function listening(child: ResultPromise): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout!.on('data', (chunk: Buffer) => {
      // goes on being read, so that the server never waits for its log
      if (output.length > 100_000) return
      output += chunk.toString()
      const url = /Server listening at (http:\/\/[\d.]+:\d+)/.exec(output)?.[1]
      if (url !== undefined && output.includes('took up what an earlier server had left')) resolve(url)
    })
    void child.then(() => reject(new Error(`the server ended at once: ${output}`)))
  })
}

/** Those of `pids` that live on; one that was killed is gone when the kernel has come round to it, which takes a moment on a busy machine. */
export async function livingOn(root: string, pids = workspaceProcesses(root)): Promise<number[]> {
  const left = () => workspaceProcesses(root).filter((pid) => pids.includes(pid))
  await until(() => left().length === 0, 3000)
  return left()
}

/** Ids of the live processes that work in a workspace below `root`. */
export function workspaceProcesses(root: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return []
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'latin1')
      return environment.includes(`CLAUDE_BRIDGE_WORKSPACE=${root}/`) ? [Number(entry)] : []
    } catch {
      return []
    }
  })
}

/** Workspaces that are there. */
export function foldersIn(root: string): number {
  try {
    return readdirSync(root).length
  } catch {
    return 0
  }
}

/** SIGKILL; false where the process has gone already. */
export function killProcess(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}
