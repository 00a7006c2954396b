/**
 * Ends what a killed server left behind: its processes, found by the mark in their environment, and their folders. One
 * server owns a data directory, so whatever carries the mark of its workspaces at start belongs to nobody any more.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'

/** Kills every process below `root` and removes every folder in it. Says how many of each there were. */
export async function removeLeftovers(root: string, marker: string): Promise<{ processes: number; folders: number }> {
  // by id: one that takes its time to die is found again
  const killed = new Set<number>()
  // a process may start another between the look and the kill
  for (let round = 0; round < 5; round++) {
    const found = await markedProcesses(`${marker}=${root}${path.sep}`)
    if (found.length === 0) break
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL')
        killed.add(pid)
      } catch {
        // gone by itself
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const folders = await readdir(root)
  for (const folder of folders) await rm(path.join(root, folder), { recursive: true, force: true, maxRetries: 3 })
  return { processes: killed.size, folders: folders.length }
}

/** Ids of this user's processes whose environment holds `text`. */
async function markedProcesses(text: string): Promise<number[]> {
  if (process.platform === 'linux') return markedInProc(text)
  const { stdout } = await execa('ps', ['-axEww', '-o', 'pid=,command='], { reject: false })
  return stdout
    .split('\n')
    .filter((line) => line.includes(text))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
}

function markedInProc(text: string): number[] {
  const found: number[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8')
      // a zombie has an empty environment and is nobody's worry here
      if (environment.split('\0').some((variable) => variable.startsWith(text))) found.push(Number(entry))
    } catch {
      // another user's, or gone
    }
  }
  return found
}
