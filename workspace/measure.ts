/** How much there is in a folder. */
import { lstat, opendir } from 'node:fs/promises'
import path from 'node:path'

export interface Limits {
  bytes: number
  /** entries: files, folders and links */
  files: number
}

/** Bytes and entries below `folders`, counted no further than just beyond the limits. Links are not followed. Never rejects. */
export async function measure(folders: readonly string[], limits: Limits): Promise<Limits> {
  const sum = { bytes: 0, files: 0 }
  const todo = [...folders]
  for (let folder = todo.pop(); folder !== undefined; folder = todo.pop()) {
    try {
      for await (const entry of await opendir(folder)) {
        sum.files += 1
        const file = path.join(folder, entry.name)
        if (entry.isDirectory()) todo.push(file)
        // a file with holes is as large as what it takes on the disk
        else
          sum.bytes += await lstat(file).then(
            ({ size, blocks }) => Math.min(size, blocks * 512),
            () => 0,
          )
        if (exceeds(sum, limits)) return sum
      }
    } catch {
      // removed meanwhile
    }
  }
  return sum
}

export function exceeds(sum: Limits, limits: Limits): boolean {
  return sum.bytes > limits.bytes || sum.files > limits.files
}
