/** Which records were met that cannot be read. */
import { UnreadableRecord } from './unreadable.js'

export class UnreadableRecords {
  private readonly met = new Map<string, string>()

  /** `onNew` is told of each record once. */
  constructor(private readonly onNew: (record: UnreadableRecord) => void) {}

  /** Their ids, and the part of each that was met first. */
  get known(): { id: string; part: string }[] {
    return [...this.met].map(([id, part]) => ({ id, part }))
  }

  /** What `read` gives. @throws UnreadableRecord, and whatever else `read` throws */
  noting<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (error instanceof UnreadableRecord && !this.met.has(error.id)) {
        this.met.set(error.id, error.part)
        this.onNew(error)
      }
      throw error
    }
  }

  /** What `read` gives, or nothing where that cannot be read. */
  without<T>(read: () => T[]): T[] {
    try {
      return this.noting(read)
    } catch (error) {
      if (error instanceof UnreadableRecord) return []
      throw error
    }
  }
}
