/**
 * Compiles what a request brings (schemas, patterns) before the request is taken: in a thread, with a limit of time and memory. What
 * came of it is kept, so that the same schema costs nothing the next time.
 */
import { createHash } from 'node:crypto'
import { Lru } from '../lru.js'
import { Stopped } from '../threads/threads.js'
import type { PendingSource, Source } from '../request/pending-source.js'

/** Whose request it is, and when it is not wanted any more. */
export interface CompileFor {
  owner: string
  signal?: AbortSignal
}

export class Compiler {
  /** by a hash of the source: what is wrong with it, or null */
  private readonly kept = new Lru<string | null>({ entries: 2000, bytes: 1024 * 1024 })

  /** `compileOne`: what is wrong with a source, or null; found in a thread, whose limits it may meet (`Stopped`). */
  constructor(private readonly compileOne: (source: Source, by: CompileFor) => Promise<string | null>) {}

  /** @throws BridgeError of the first source that does not compile; Error if the server closes */
  async compile(sources: readonly PendingSource[], by: CompileFor): Promise<void> {
    for (const { source, refuse } of sources) {
      const problem = await this.problemOf(source, by)
      if (problem !== null) throw refuse(problem)
    }
  }

  private async problemOf(source: Source, by: CompileFor): Promise<string | null> {
    const key = createHash('sha256').update(JSON.stringify(source)).digest('base64')
    const known = this.kept.get(key)
    if (known !== undefined) return known
    try {
      const problem = await this.compileOne(source, by)
      this.kept.set(key, problem, key.length + (problem?.length ?? 0))
      return problem
    } catch (error) {
      // not kept: on a busy machine it may be the machine's fault
      if (error instanceof Stopped) return `to compile it ${error.why}`
      throw error
    }
  }
}
