/**
 * Ends what a killed server left behind: its processes, found by the mark in their environment, and their folders. One
 * server owns a data directory, so whatever carries the mark of its workspaces at start belongs to nobody any more.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'

/** Kills every process below `root` and removes every folder in it. Says how many of each there were. */
export async function removeLeftovers(root: string, marker: string): Promise<{ processes: number; folders: number }> {
  const processes = await endMarked(`${marker}=${root}${path.sep}`)
  const folders = await readdir(root)
  for (const folder of folders) await rm(path.join(root, folder), { recursive: true, force: true, maxRetries: 3 })
  return { processes, folders: folders.length }
}

/**
 * Kills what is left of one workspace's processes, whatever group or session they have made for themselves: by their environment,
 * and where /proc tells it by their working directory, as an environment can be emptied. Says how many there were.
 */
export async function endProcessesOf(workspace: string, marker: string): Promise<number> {
  return endMarked(`${marker}=${workspace}`, workspace)
}

async function endMarked(mark: string, folder?: string): Promise<number> {
  // by id: one that takes its time to die is found again
  const killed = new Set<number>()
  // a process may start another between the look and the kill
  for (let round = 0; round < 5; round++) {
    const found = await markedProcesses(mark, folder)
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
  return killed.size
}

/** Ids of this user's processes whose environment holds `text`, or that work below `folder`. */
async function markedProcesses(text: string, folder?: string): Promise<number[]> {
  if (process.platform === 'linux') return markedInProc(text, folder)
  const { stdout } = await execa('ps', ['-axEww', '-o', 'pid=,command='], { reject: false })
  return stdout
    .split('\n')
    .filter((line) => line.includes(text))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
}

function markedInProc(text: string, folder?: string): number[] {
  const found: number[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8')
      // a zombie has an empty environment and is nobody's worry here
      if (environment.split('\0').some((variable) => variable.startsWith(text))) found.push(Number(entry))
      else if (folder !== undefined && `${readlinkSync(`/proc/${entry}/cwd`)}/`.startsWith(`${folder}/`)) found.push(Number(entry))
    } catch {
      // another user's, or gone
    }
  }
  return found
}
