/**
 * The files that jobs leave: moved out of the workspace into `<data>/files/<task>/`, and there until the task is forgotten. Regular files
 * only: a link could lead anywhere.
 */
import { constants } from 'node:fs'
import { copyFile, lstat, mkdir, open, opendir, readdir, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'

/** The files that jobs leave, wherever they lie. */
export interface Files {
  /** Takes what is below `from`; `prefix` is the folder that the files are to be in. In the order of their paths. */
  keep(job: string, from: string, prefix?: string): Promise<KeptFile[]>
  /** One for reading; null where there is none. A path that is not plain is none. */
  open(job: string, file: string): Promise<{ content: Readable; bytes: number } | null>
  /** Never rejects: what is left goes with the next sweep. */
  forget(job: string): Promise<void>
  /** Forgets the files of every job that is not there any more. Never rejects. `known`: which of some jobs are there. */
  sweep(known: (jobs: readonly string[]) => Promise<ReadonlySet<string>>): Promise<void>
}

export interface KeptFile {
  /** relative, with slashes */
  path: string
  bytes: number
}

/** Longer ones fit into no URL that every client takes. */
const longestPath = 1024

/** Jobs in one question to the store: a millisecond. */
const lookedUpAtOnce = 200

export class KeptFiles implements Files {
  constructor(private readonly root: string) {}

  /** Moves them. */
  async keep(job: string, from: string, prefix = ''): Promise<KeptFile[]> {
    const kept: KeptFile[] = []
    for (const { at, path: file, bytes } of await filesBelow(from, prefix)) {
      const target = path.join(this.folder(job), file)
      await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
      await move(path.join(from, at), target)
      kept.push({ path: file, bytes })
    }
    return kept
  }

  async open(job: string, file: string): Promise<{ content: Readable; bytes: number } | null> {
    if (!isPlain(file)) return null
    const target = path.join(this.folder(job), file)
    let handle: FileHandle | null = null
    try {
      // whatever has come there since: no link is followed, no pipe waited for
      handle = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      const stat = await handle.stat()
      // no more than it has now
      if (stat.isFile()) return { content: handle.createReadStream(stat.size === 0 ? {} : { end: stat.size - 1 }), bytes: stat.size }
    } catch {
      // not there
    }
    await handle?.close()
    return null
  }

  async forget(job: string): Promise<void> {
    await rm(this.folder(job), { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
  }

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

/** The regular files below a folder that can be kept: where each is, relative to it, and its path as it is kept. In the order of paths. */
export async function filesBelow(from: string, prefix = ''): Promise<(KeptFile & { at: string })[]> {
  const found = (await list(from)).map(({ path: file, bytes }) => ({ at: file, path: prefix + file, bytes }))
  return found.filter(({ path: file }) => isPlain(file)).sort((a, b) => (a.path < b.path ? -1 : 1))
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
      // one with a second name may belong to another user
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
