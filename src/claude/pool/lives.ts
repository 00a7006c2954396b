import type { Session } from '../session.js'
import { Life } from './retirement.js'

/** The lives of all processes that have not gone. */
export class Lives {
  private readonly bySession = new WeakMap<Session, Life>()
  private readonly alive = new Set<Life>()

  /** How many there are, those included that are just being started. */
  get size(): number {
    return this.alive.size
  }

  get(session: Session): Life | undefined {
    return this.bySession.get(session)
  }

  /** Starts a process; its life counts from here to its end. Rejects as `start` does. */
  async begin(origin: string, start: () => Promise<Session>): Promise<Session> {
    const life = new Life(origin)
    const left = () => void this.alive.delete(life)
    this.alive.add(life)
    try {
      const session = await start()
      session.gone.then(left, left)
      life.pid = session.child.pid
      this.bySession.set(session, life)
      return session
    } catch (error) {
      left()
      throw error
    }
  }

  /** None that a function says yes to is asked again. */
  retire(unwanted: (life: Life) => boolean): void {
    for (const life of this.alive) if (unwanted(life)) life.retire()
  }
}
