/**
 * Ends what a killed server left behind: its processes, found by the mark in their environment, and their folders. One
 * server owns a data directory, so whatever carries the mark of its workspaces at start belongs to nobody any more.
 */
import { readFile, readdir, readlink, rm } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'

/** Processes looked at at the same time: one of Node's four threads for files stays free for others. */
const looksAtOnce = 3

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
export async function endProcessesOf(workspace: string, marker: string, proc = '/proc'): Promise<number> {
  return endMarked(`${marker}=${workspace}`, workspace, proc)
}

async function endMarked(mark: string, folder?: string, proc = '/proc'): Promise<number> {
  // by id: one that takes its time to die is found again
  const killed = new Set<number>()
  // a process may start another between the look and the kill
  for (let round = 0; round < 5; round++) {
    const found = await markedProcesses(mark, folder, proc)
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
async function markedProcesses(text: string, folder: string | undefined, proc: string): Promise<number[]> {
  if (process.platform === 'linux') return markedInProc(proc, text, folder)
  const { stdout } = await execa('ps', ['-axEww', '-o', 'pid=,command='], { reject: false })
  return stdout
    .split('\n')
    .filter((line) => line.includes(text))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
}

/** The server's other work goes on meanwhile: there may be thousands of processes, and a job may end at any time. */
async function markedInProc(proc: string, text: string, folder?: string): Promise<number[]> {
  const found: number[] = []
  const ids = (await readdir(proc)).filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid).values()
  const look = async () => {
    // the others take theirs from the same list
    for (const id of ids) if (await isMarked(path.join(proc, id), text, folder)) found.push(Number(id))
  }
  await Promise.all(Array.from({ length: looksAtOnce }, look))
  return found
}

async function isMarked(folderOfProcess: string, text: string, folder?: string): Promise<boolean> {
  try {
    const environment = await readFile(path.join(folderOfProcess, 'environ'), 'utf8')
    // a zombie has an empty environment and is nobody's worry here
    if (environment.split('\0').some((variable) => variable.startsWith(text))) return true
    return folder !== undefined && `${await readlink(path.join(folderOfProcess, 'cwd'))}/`.startsWith(`${folder}/`)
  } catch {
    // another user's, or gone
    return false
  }
}
