/** How many jobs of an owner may be at work: the others wait in their order, and take no place from other owners. */
export class RunningGates {
  /** by owner: the jobs inside, and those that wait with what begins them */
  private readonly owners = new Map<string, { inside: Set<string>; waiting: Map<string, () => void> }>()

  /** @param mostOf undefined: no limit */
  constructor(private readonly mostOf: (owner: string) => number | undefined) {}

  /** Calls `begin` once, at once where the owner may have another job at work. Returns what takes the job out of the line. */
  enter(id: string, owner: string, begin: () => void): () => void {
    const gate = this.owners.get(owner) ?? { inside: new Set(), waiting: new Map<string, () => void>() }
    this.owners.set(owner, gate)
    gate.waiting.set(id, begin)
    this.next(owner)
    return () => gate.waiting.delete(id)
  }

  /** The job is over, or waits for a human. Safe to call again. */
  leave(id: string, owner: string): void {
    const gate = this.owners.get(owner)
    if (gate === undefined) return
    gate.waiting.delete(id)
    gate.inside.delete(id)
    this.next(owner)
    if (gate.inside.size + gate.waiting.size === 0) this.owners.delete(owner)
  }

  /** What owners may have at work is more or less than before: what may begin now, begins. */
  changed(): void {
    for (const owner of [...this.owners.keys()]) if (this.owners.has(owner)) this.next(owner)
  }

  private next(owner: string): void {
    const { inside, waiting } = this.owners.get(owner)!
    for (const [id, begin] of waiting) {
      if (inside.size >= (this.mostOf(owner) ?? Infinity)) return
      waiting.delete(id)
      inside.add(id)
      begin()
    }
  }
}
