/** The server under measurement: a process of its own, on folders of its own. Ending it checks that nothing is left. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { type ServerProcess, startServer, workspaceProcesses } from '../test/chaos/server-process.js'
import { openWorkspaceRoot } from '../workspace/workspace.js'
import { within } from '../src/within.js'
import type { Findings } from './findings.js'

export interface Bridge extends ServerProcess {
  name: string
  dataDir: string
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
  return { ...server, name, dataDir, root: openWorkspaceRoot(dataDir) }
}

/** It ends ten seconds after SIGTERM at the latest, and is killed where it does not. */
const endMs = 60_000

export async function endBridge(bridge: Bridge, findings: Findings): Promise<void> {
  const code = await within(bridge.stop(), endMs, 'no end').catch(() => bridge.kill())
  findings.check(code === 0, `the ${bridge.name} server ended with code ${code ?? 'none'}`)
  const processes = workspaceProcesses(bridge.root)
  findings.check(processes.length === 0, `the ${bridge.name} server left ${processes.length} processes`)
  // the folder goes with the last server that ends in order
  const folders = existsSync(bridge.root) ? readdirSync(bridge.root) : []
  findings.check(folders.length === 0, `the ${bridge.name} server left ${folders.length} workspaces`)
  removeRest(bridge, processes)
}

/** Kills it with all that belongs to it, whatever it does; another one of its name finds nothing of it. */
export async function abandonBridge(bridge: Bridge): Promise<void> {
  await bridge.kill()
  removeRest(bridge, workspaceProcesses(bridge.root))
  rmSync(bridge.dataDir, { recursive: true, force: true, maxRetries: 5 })
}

function removeRest({ root }: Bridge, processes: readonly number[]): void {
  for (const pid of processes) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it has ended meanwhile
    }
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 5 })
}
