/**
 * The files that jobs leave: moved out of the workspace into `<data>/files/<task>/`, and there until the task is forgotten. Regular files
 * only: a link could lead anywhere.
 */
import { constants } from 'node:fs'
import { copyFile, lstat, mkdir, open, opendir, readdir, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'

export interface KeptFile {
  /** relative, with slashes */
  path: string
  bytes: number
}

/** Longer ones fit into no URL that everybody takes. */
const longestPath = 1024

/** Jobs in one question to the store: a millisecond. */
const lookedUpAtOnce = 200

export class KeptFiles {
  constructor(private readonly root: string) {}

  /** Moves what is below `from`; `prefix` is the folder that the files are to be in. In the order of their paths. */
  async keep(job: string, from: string, prefix = ''): Promise<KeptFile[]> {
    const found = (await list(from)).map(({ path: file, bytes }) => ({ at: file, path: prefix + file, bytes }))
    const kept: KeptFile[] = []
    for (const { at, path: file, bytes } of found) {
      if (!isPlain(file)) continue
      const target = path.join(this.folder(job), file)
      await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
      await move(path.join(from, at), target)
      kept.push({ path: file, bytes })
    }
    return kept.sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** Opens one for reading; null where there is none. A path that is not plain is none. */
  async open(job: string, file: string): Promise<{ handle: FileHandle; bytes: number } | null> {
    if (!isPlain(file)) return null
    const target = path.join(this.folder(job), file)
    let handle: FileHandle | null = null
    try {
      // whatever has come there since: no link is followed, no pipe waited for
      handle = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      const stat = await handle.stat()
      if (stat.isFile()) return { handle, bytes: stat.size }
    } catch {
      // not there
    }
    await handle?.close()
    return null
  }

  /** Never rejects: what is left goes with the next sweep. */
  async forget(job: string): Promise<void> {
    await rm(this.folder(job), { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
  }

  /** Forgets the files of every job that is not there any more. Never rejects. `known`: which of some jobs are there. */
  async sweep(known: (jobs: readonly string[]) => Promise<ReadonlySet<string>>): Promise<void> {
    // no job has left anything yet
    const jobs = await readdir(this.root).catch(() => [])
    for (let from = 0; from < jobs.length; from += lookedUpAtOnce) {
      const some = jobs.slice(from, from + lookedUpAtOnce)
      // what cannot be looked up is left for the next time
      const there = await known(some).catch(() => new Set(some))
      for (const job of some) if (!there.has(job)) await this.forget(job)
      await turn()
    }
  }

  private folder(job: string): string {
    // ids of jobs are our own; still, what is a path is none
    return path.join(this.root, path.basename(job).replace(/^\.+$/, '_'))
  }
}

/** Relative, without steps up, empty steps, and characters that no file of ours has. */
export function isPlain(file: string): boolean {
  if (file.length > longestPath || /[\\\u0000-\u001f\u007f\ufffd]/.test(file)) return false
  return file.split('/').every((step) => step !== '' && step !== '.' && step !== '..')
}

async function list(root: string): Promise<KeptFile[]> {
  const files: KeptFile[] = []
  const todo = ['']
  for (let folder = todo.pop(); folder !== undefined; folder = todo.pop()) {
    for await (const entry of await opendir(path.join(root, folder))) {
      const file = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) todo.push(file)
      if (!entry.isFile()) continue
      const { size, nlink } = await lstat(path.join(root, file))
      // one with a second name may be somebody else's
      if (nlink === 1) files.push({ path: file, bytes: size })
    }
  }
  return files
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await copyFile(from, to)
  }
}
