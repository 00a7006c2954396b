/**
 * The calls of tools that are going on, so that a cancellation, which comes with a request of its own, finds its call. A session is
 * a name and nothing else: nothing is kept for one but its calls, and those for as long as they run.
 */
interface Call {
  owner: string
  session: string
  id: string | number
  controller: AbortController
}

/** What a client wants cancelled: a call of its session, or all of them. */
export interface Cancellation {
  owner: string
  session: string | null
  id?: string | number
}

export class RunningCalls {
  private readonly calls = new Set<Call>()

  /** @param tellOthers the call may run on another server; left out: there is none */
  constructor(private readonly tellOthers: (cancellation: Cancellation) => void = () => {}) {}

  get size(): number {
    return this.calls.size
  }

  /** The signal of a cancellation, and what takes the call off the list. Without a session nothing can name the call. */
  begin(owner: string, session: string | null, id: string | number): { signal: AbortSignal; end(): void } {
    const controller = new AbortController()
    if (session === null) return { signal: controller.signal, end: () => {} }
    const call = { owner, session, id, controller }
    this.calls.add(call)
    return { signal: controller.signal, end: () => this.calls.delete(call) }
  }

  /** Cancels a call of the session, or all of them. Another owner's are not found. */
  cancel(owner: string, session: string | null, id?: string | number): void {
    this.tellOthers({ owner, session, ...(id !== undefined && { id }) })
    this.cancelHere({ owner, session, ...(id !== undefined && { id }) })
  }

  /** As another server was told. */
  cancelHere({ owner, session, id }: Cancellation): void {
    for (const call of this.calls) {
      if (call.owner !== owner || call.session !== session) continue
      if (id === undefined || call.id === id) call.controller.abort()
    }
  }
}
