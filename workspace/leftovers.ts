/**
 * Ends what a killed server left behind: its processes, found by the mark in their environment, and their folders. One
 * server owns a data directory, so whatever carries the mark of its workspaces at start was left by an earlier server.
 */
import { readFile, readdir, readlink, rm } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'

/** Processes looked at at the same time: one of Node's four threads for files stays free for others. */
const looksAtOnce = 3

/** Kills every process below `root` and removes every folder in it. Says how many of each there were. */
export async function removeLeftovers(root: string, marker: string): Promise<{ processes: number; folders: number }> {
  const processes = await endMarked({ text: `${marker}=${root}${path.sep}` })
  const folders = await readdir(root)
  for (const folder of folders) await rm(path.join(root, folder), { recursive: true, force: true, maxRetries: 3 })
  return { processes, folders: folders.length }
}

/**
 * Kills what is left of one workspace's processes, whatever group or session they have made for themselves: by their environment,
 * and, as an environment can be emptied, where /proc tells it by their working directory and by the sessions that the job has made. Says
 * how many there were.
 */
export async function endProcessesOf(
  workspace: string,
  marker: string,
  sessions: ReadonlySet<number> = new Set(),
  proc = '/proc',
): Promise<number> {
  return endMarked({ text: `${marker}=${workspace}`, folder: workspace, sessions }, proc)
}

async function endMarked(mark: Mark, proc = '/proc'): Promise<number> {
  // by id: one that takes its time to die is found again
  const killed = new Set<number>()
  // a process may start another between the look and the kill
  for (let round = 0; round < 5; round++) {
    const found = await markedProcesses(mark, proc)
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

/** How a process is known: its environment holds `text`, it works below `folder`, or it is in one of the `sessions`. */
interface Mark {
  text: string
  folder?: string
  sessions?: ReadonlySet<number>
}

/** Ids of this user's processes that have the mark. */
async function markedProcesses(mark: Mark, proc: string): Promise<number[]> {
  if (process.platform === 'linux') return markedInProc(proc, mark)
  const { stdout } = await execa('ps', ['-axEww', '-o', 'pid=,command='], { reject: false })
  return stdout
    .split('\n')
    .filter((line) => line.includes(mark.text))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
}

/** The server's other work goes on meanwhile: there may be thousands of processes, and a job may end at any time. */
async function markedInProc(proc: string, mark: Mark): Promise<number[]> {
  const found: number[] = []
  const ids = (await readdir(proc)).filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid).values()
  const look = async () => {
    // the others take theirs from the same list
    for (const id of ids) if (await isMarked(path.join(proc, id), mark)) found.push(Number(id))
  }
  await Promise.all(Array.from({ length: looksAtOnce }, look))
  return found
}

async function isMarked(folderOfProcess: string, { text, folder, sessions }: Mark): Promise<boolean> {
  try {
    const environment = await readFile(path.join(folderOfProcess, 'environ'), 'utf8')
    // a zombie has an empty environment and needs no end
    if (environment.split('\0').some((variable) => variable.startsWith(text))) return true
    if (folder !== undefined && `${await readlink(path.join(folderOfProcess, 'cwd'))}/`.startsWith(`${folder}/`)) return true
    return sessions !== undefined && sessions.size > 0 && sessions.has(await sessionOf(folderOfProcess))
  } catch {
    // another user's, or gone
    return false
  }
}

async function sessionOf(folderOfProcess: string): Promise<number> {
  const line = await readFile(path.join(folderOfProcess, 'stat'), 'latin1')
  // behind the name of the program, which may hold blanks and parentheses: state, parent, group, session
  return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[3])
}
