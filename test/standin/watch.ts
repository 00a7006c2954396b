/** The records, and those who wait for the next one. */
import type { RecordedRequest } from './record.js'

interface Waiter {
  index: number
  resolve: (record: RecordedRequest) => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout
}

export class Watch {
  #requests: RecordedRequest[] = []
  #calls: RecordedRequest[] = []
  #waiters: Waiter[] = []

  /** @param keep how many records of each list stay */
  constructor(private readonly keep: number) {}

  get requests(): readonly RecordedRequest[] {
    return this.#requests
  }

  get calls(): readonly RecordedRequest[] {
    return this.#calls
  }

  add(record: RecordedRequest, isModelCall: boolean): void {
    this.#requests.push(record)
    if (this.#requests.length > this.keep) this.#requests.shift()
    if (!isModelCall) return
    this.#calls.push(record)
    if (this.#calls.length > this.keep) this.#calls.shift()
    const ready = this.#waiters.filter((waiter) => waiter.index < this.#calls.length)
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter))
    for (const waiter of ready) {
      clearTimeout(waiter.timer)
      waiter.resolve(this.#calls[waiter.index]!)
    }
  }

  /** @throws Error after `timeoutMs`, or when the records are cleared */
  async call(index: number, timeoutMs: number): Promise<RecordedRequest> {
    const present = this.#calls[index]
    if (present !== undefined) return present
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        reject(new Error(`model call ${index} did not come within ${timeoutMs} ms; there were ${this.#calls.length}`))
      }, timeoutMs)
      const waiter: Waiter = { index, resolve, reject, timer }
      this.#waiters.push(waiter)
    })
  }

  clear(): void {
    this.#requests = []
    this.#calls = []
    for (const waiter of this.#waiters.splice(0)) {
      clearTimeout(waiter.timer)
      waiter.reject(new Error('the stand-in was reset or closed'))
    }
  }
}
