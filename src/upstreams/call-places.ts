/**
 * Which call a piece belongs to: the last one that has the piece's index and its id, where a call or a piece without the one or the other
 * fits all. Found without looking through the calls: an answer may have thousands, each in thousands of pieces.
 */
export class CallPlaces {
  private readonly all = new Group()
  private readonly byIndex = new Map<number, Group>()

  /** -1: none */
  find(given: number | null, id: string | null): number {
    const group = given === null ? this.all : this.byIndex.get(given)
    return group?.find(id) ?? -1
  }

  /** A new call, behind all others. */
  add(place: number, given: number | null, id: string | null): void {
    for (const group of this.groupsOf(given)) group.add(place, id)
  }

  /** A call that had no id has got one. */
  name(place: number, given: number | null, id: string): void {
    for (const group of this.groupsOf(given)) group.name(place, id)
  }

  private groupsOf(given: number | null): Group[] {
    if (given === null) return [this.all]
    let group = this.byIndex.get(given)
    if (group === undefined) this.byIndex.set(given, (group = new Group()))
    return [this.all, group]
  }
}

/** Calls that a piece without an id would be taken for any of. */
class Group {
  private last = -1
  private readonly byId = new Map<string, number>()
  /** those without an id, in their order, and some that have got one since */
  private readonly nameless: number[] = []
  private readonly named = new Set<number>()

  find(id: string | null): number {
    if (id === null) return this.last
    while (this.named.has(this.nameless.at(-1) ?? -1)) this.named.delete(this.nameless.pop()!)
    return Math.max(this.byId.get(id) ?? -1, this.nameless.at(-1) ?? -1)
  }

  add(place: number, id: string | null): void {
    this.last = place
    if (id === null) this.nameless.push(place)
    else this.byId.set(id, place)
  }

  name(place: number, id: string): void {
    this.named.add(place)
    this.byId.set(id, Math.max(place, this.byId.get(id) ?? -1))
  }
}
