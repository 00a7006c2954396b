/** The memory that request bodies of all connections may hold while they are read. */
export class BodyRoom {
  private taken = 0

  /** @param bytes in all */
  constructor(private readonly bytes: number) {}

  /** False where there is no room; then nothing is taken. */
  take(bytes: number): boolean {
    if (this.taken + bytes > this.bytes) return false
    this.taken += bytes
    return true
  }

  give(bytes: number): void {
    this.taken -= bytes
  }

  get held(): number {
    return this.taken
  }
}
