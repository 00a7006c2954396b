/** The server under measurement: a process of its own, on folders of its own. Ending it checks that nothing is left. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { type ServerProcess, startServer, workspaceProcesses } from '../test/chaos/server-process.js'
import { openWorkspaceRoot } from '../workspace/workspace.js'
import type { Findings } from './findings.js'

export interface Bridge extends ServerProcess {
  name: string
  /** folder of its workspaces */
  root: string
}

export interface BridgePlace {
  /** folder that the data directory is made in */
  folder: string
  standinUrl: string
}

export function dataDirOf(folder: string, name: string): string {
  return path.join(folder, `data-${name}`)
}

/** @param name of the data directory: what lies in it already is taken up */
export async function startBridge(place: BridgePlace, name: string, env: Record<string, string>): Promise<Bridge> {
  const dataDir = dataDirOf(place.folder, name)
  const server = await startServer({
    HOME: path.join(place.folder, 'home'),
    ANTHROPIC_BASE_URL: place.standinUrl,
    ANTHROPIC_API_KEY: 'stand-in-no-account-needed',
    DATA_DIR: dataDir,
    START_PROBE: '0',
    ...env,
  })
  return { ...server, name, root: openWorkspaceRoot(dataDir) }
}

export async function endBridge(bridge: Bridge, findings: Findings): Promise<void> {
  const code = await bridge.stop()
  findings.check(code === 0, `the ${bridge.name} server ended with code ${code ?? 'none'}`)
  const processes = workspaceProcesses(bridge.root)
  findings.check(processes.length === 0, `the ${bridge.name} server left ${processes.length} processes`)
  // the folder goes with the last server that ends in order
  const folders = existsSync(bridge.root) ? readdirSync(bridge.root) : []
  findings.check(folders.length === 0, `the ${bridge.name} server left ${folders.length} workspaces`)
  for (const pid of processes) process.kill(pid, 'SIGKILL')
  rmSync(bridge.root, { recursive: true, force: true, maxRetries: 5 })
}
