/** What all measurements of a run share: one stand-in, one CLI, folders, and the servers that are up. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { locateBinary, readVersion } from '../src/claude/process/binary.js'
import { baseEnvironment } from '../src/claude/process/environment.js'
import { workspaceProcesses } from '../test/chaos/server-process.js'
import { type Bridge, abandonBridge, endBridge, startBridge } from './bridge.js'
import { Findings } from './findings.js'
import { type StandinProcess, startStandinProcess } from './standin.js'

export interface Rig {
  /** fewer samples of everything */
  quick: boolean
  findings: Findings
  standin: StandinProcess
  folder: string
  cli: { binary: string; version: string; env: Record<string, string> }
  /** aborted when the time of the step is up, or the run is stopped */
  signal: AbortSignal
  /** servers that are up, by their names */
  up: ReadonlyMap<string, Bridge>
  /** Starts a server; what is still up at the end of the run is ended and looked after then. */
  start(name: string, env: Record<string, string>): Promise<Bridge>
  end(bridge: Bridge): Promise<void>
  /** Kills all servers. */
  abandon(): Promise<void>
  close(): Promise<void>
}

/** @throws Error where the CLI is not installed */
export async function openRig(quick: boolean, signal: AbortSignal): Promise<Rig> {
  const { path: binary, problem } = locateBinary(process.env['CLAUDE_BIN'] || undefined)
  if (problem !== null) throw new Error(problem)
  const { version } = await readVersion(binary, baseEnvironment(process.env))
  if (version === null) throw new Error(`${binary} does not say its version`)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-bench-'))
  mkdirSync(path.join(folder, 'home'))
  const findings = new Findings()
  const standin = await startStandinProcess()
  const up = new Map<string, Bridge>()
  const end = async (bridge: Bridge) => {
    up.delete(bridge.name)
    await endBridge(bridge, findings)
  }
  return {
    quick,
    findings,
    signal,
    up,
    standin,
    folder,
    cli: { binary, version, env: cliEnvironment(folder, standin.url) },
    async start(name, env) {
      const bridge = await startBridge({ folder, standinUrl: standin.url }, name, env)
      up.set(name, bridge)
      return bridge
    },
    end,
    async abandon() {
      const bridges = [...up.values()]
      up.clear()
      await Promise.all(bridges.map(abandonBridge))
    },
    async close() {
      await Promise.all([...up.values()].map(end))
      await standin.stop()
      const bare = workspaceProcesses(folder)
      findings.check(bare.length === 0, `${bare.length} bare CLI processes were left`)
      for (const pid of bare) process.kill(pid, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
      findings.check(!existsSync(folder), 'the folder of the run could not be removed')
    },
  }
}

/** What a server would give its processes here: the same for the bare CLI. */
function cliEnvironment(folder: string, standinUrl: string): Record<string, string> {
  return baseEnvironment({
    PATH: process.env['PATH'],
    HOME: path.join(folder, 'home'),
    ANTHROPIC_BASE_URL: standinUrl,
    ANTHROPIC_API_KEY: 'stand-in-no-account-needed',
  })
}
