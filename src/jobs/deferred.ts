/** A promise, and what settles it. A rejection without a listener is no unhandled one. */
export class Deferred {
  /** it has been resolved */
  done = false
  reject!: (error: Error) => void
  readonly promise: Promise<void>
  private settle!: () => void

  constructor() {
    this.promise = new Promise((resolve, reject) => ([this.settle, this.reject] = [resolve, reject]))
    this.promise.catch(() => undefined)
  }

  resolve(): void {
    this.done = true
    this.settle()
  }
}

/** Resolves when the promise is settled, when `ms` have gone by, or on `signal`. */
export async function settled(promise: Promise<void>, signal: AbortSignal, ms?: number): Promise<void> {
  if (signal.aborted) return
  let enough!: () => void
  const waited = new Promise<void>((resolve) => (enough = resolve))
  const timer = ms === undefined ? undefined : setTimeout(enough, ms)
  signal.addEventListener('abort', enough)
  await Promise.race([promise, waited]).catch(() => undefined)
  clearTimeout(timer)
  signal.removeEventListener('abort', enough)
}
