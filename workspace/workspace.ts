/**
 * A job's private folder: made before its process starts, removed when the process has gone. It lies in the system's
 * temporary folder, outside any repository, so that nothing of a project around it is picked up.
 */
import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { name as packageName } from '../src/version.js'
import { makeFolder } from '../src/make-folder.js'

export interface Workspace {
  /** everything of the job is below */
  root: string
  /** working directory of the process */
  work: string
  /** the CLI's own configuration folder */
  config: string
  tmp: string
  /** Removes the folder with all in it. Never rejects: what cannot be removed now goes at the next start. */
  remove(): Promise<void>
}

/** The folder for workspaces is there and is another user's, or open to others. */
export class WorkspacesNotPrivate extends Error {
  override readonly name = 'WorkspacesNotPrivate'
}

/** Where the workspaces of one data directory are. */
export function workspaceRootOf(dataDir: string): string {
  const name = createHash('sha256').update(path.resolve(dataDir)).digest('hex').slice(0, 12)
  return path.join(os.tmpdir(), `${packageName}-${name}`)
}

/**
 * Makes the folder that holds the workspaces of one data directory; the same after a restart, so that what a killed server left is
 * found again.
 *
 * @throws WorkspacesNotPrivate, or what making it throws
 */
export function openWorkspaceRoot(dataDir: string): string {
  const root = workspaceRootOf(dataDir)
  makeFolder(root, 0o700)
  const stat = lstatSync(root)
  const uid = process.getuid?.()
  if (!stat.isDirectory() || (uid !== undefined && stat.uid !== uid) || (stat.mode & 0o077) !== 0) {
    throw new WorkspacesNotPrivate(`the folder for workspaces, ${root}, is not a private folder of this user`)
  }
  return root
}

/** Removes the folder for workspaces where none is left in it. Never rejects. */
export async function closeWorkspaceRoot(root: string): Promise<void> {
  await rmdir(root).catch(() => {
    // something is left: the next start looks after it
  })
}

export async function makeWorkspace(parent: string): Promise<Workspace> {
  const root = await mkdtemp(path.join(parent, 'job-'))
  const folders = { work: path.join(root, 'work'), config: path.join(root, 'config'), tmp: path.join(root, 'tmp') }
  await Promise.all(Object.values(folders).map((folder) => mkdir(folder, { mode: 0o700 })))
  return { root, ...folders, remove: () => removeFolder(root) }
}

async function removeFolder(root: string): Promise<void> {
  try {
    // a process that was just killed may still have been writing
    await rm(root, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 })
  } catch {
    // left for the next start
  }
}
