/** Waits for a ring; one that comes before is not lost. */
export class Bell {
  private rung = false
  private resolve: (() => void) | null = null

  readonly ring = (): void => {
    this.rung = true
    this.resolve?.()
  }

  /** Resolves at the next ring, with false after `ms`. */
  async wait(ms: number): Promise<boolean> {
    if (!this.rung) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.resolve = resolve
        timer = setTimeout(resolve, ms)
      })
      clearTimeout(timer)
      this.resolve = null
    }
    const { rung } = this
    this.rung = false
    return rung
  }
}
