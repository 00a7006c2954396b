/** What tells of a change of a job, from this server or another. */
export interface Changes {
  /** Calls `wake` at each; returns what ends it. */
  listen(id: string, wake: () => void): () => void
}

/** Tells those who wait of a job that it has come to be held by this server. */
export class JobChanges implements Changes {
  private readonly waiting = new Map<string, Set<() => void>>()

  listen(id: string, wake: () => void): () => void {
    const known = this.waiting.get(id) ?? new Set()
    this.waiting.set(id, known)
    known.add(wake)
    return () => {
      known.delete(wake)
      if (known.size === 0 && this.waiting.get(id) === known) this.waiting.delete(id)
    }
  }

  poke(id: string): void {
    for (const wake of this.waiting.get(id) ?? []) wake()
  }

  /** All of them. */
  pokeAll(): void {
    for (const id of this.waiting.keys()) this.poke(id)
  }
}
