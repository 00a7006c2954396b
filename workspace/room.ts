/** Whether a job's folder can be made, with a file in it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** An answer counts for so long, so that probes cost nothing. */
const keptMs = 5000
/** What a process writes at its start is a little less. */
const bytes = 64 * 1024

export class WorkspaceRoom {
  private last: { at: number; problem: Promise<string | null> } | null = null

  /** @param root see `openWorkspaceRoot` */
  constructor(private readonly root: string) {}

  /** What is wrong, in words; null: nothing. Never rejects. */
  problem(): Promise<string | null> {
    if (this.last === null || performance.now() - this.last.at > keptMs) this.last = { at: performance.now(), problem: this.look() }
    return this.last.problem
  }

  private async look(): Promise<string | null> {
    let folder: string | undefined
    try {
      folder = await mkdtemp(path.join(this.root, 'room-'))
      await writeFile(path.join(folder, 'file'), Buffer.alloc(bytes))
      return null
    } catch (error) {
      return `a job's folder cannot be made (${(error as NodeJS.ErrnoException).code ?? String(error)})`
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => undefined)
    }
  }
}
