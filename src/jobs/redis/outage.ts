/** What becomes of a store's calls while Redis is away: for a while they wait, then they are refused until it is back. */
import { BridgeError } from '../../errors/catalogue.js'
import type { JobStore } from '../store.js'

/** No client is told of an outage that is shorter. Milliseconds. */
export const patienceMs = 10_000

const message = 'The store of this server cannot be reached. Nothing that was acknowledged is lost; ask again in a moment.'

export class Outage {
  /** rejects when this one has become too long; null: Redis is there */
  private tooLong: Promise<never> | null = null
  private timer: NodeJS.Timeout | undefined

  /** The connection is lost. */
  began(): void {
    if (this.tooLong !== null) return
    this.tooLong = new Promise((_, reject) => {
      this.timer = setTimeout(() => reject(unavailable()), patienceMs)
      this.timer.unref()
    })
    this.tooLong.catch(() => undefined)
    for (const wake of this.waiting) wake()
  }

  /** It is there again. */
  ended(): void {
    clearTimeout(this.timer)
    this.tooLong = null
  }

  private readonly waiting = new Set<() => void>()

  /** What the work gives. @throws BridgeError store_unavailable where Redis is away for too long meanwhile; the work may still be done */
  async patiently<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined)
    if (this.tooLong !== null) return Promise.race([work, this.tooLong])
    let wake!: () => void
    const away = new Promise<never>((_, reject) => {
      wake = () => {
        this.tooLong?.catch(reject)
      }
    })
    this.waiting.add(wake)
    try {
      return await Promise.race([work, away])
    } finally {
      this.waiting.delete(wake)
    }
  }
}

function unavailable(): BridgeError {
  return new BridgeError('store_unavailable', message, { retryAfter: 5 })
}

/** What a job at work writes waits for as long as it takes; everything else as {@link Outage.patiently}. A full Redis is told as such. */
export function guarded(store: JobStore, outage: Outage): JobStore {
  const guard =
    <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
    (...given: A): Promise<R> =>
      outage.patiently(toldFull(call(...given)))
  const { webhooks, keys } = store
  return {
    ...store,
    create: guard((...given) => store.create(...given)),
    earlier: guard((...given) => store.earlier(...given)),
    get: guard((...given) => store.get(...given)),
    request: guard((id) => store.request(id)),
    list: guard((...given) => store.list(...given)),
    known: guard((...given) => store.known(...given)),
    storedBytes: guard((...given) => store.storedBytes(...given)),
    usage: guard((...given) => store.usage(...given)),
    events: guard((...given) => store.events(...given)),
    keep: guard((...given) => store.keep(...given)),
    delete: guard((...given) => store.delete(...given)),
    prune: guard((now) => store.prune(now)),
    health: guard(() => store.health()),
    append: (writes, how) => toldFull(store.append(writes, how)),
    webhooks: {
      due: guard((...given) => webhooks.due(...given)),
      nextAt: guard(() => webhooks.nextAt()),
      postpone: guard((...given) => webhooks.postpone(...given)),
      remove: guard((id) => webhooks.remove(id)),
      claim: guard((...given) => webhooks.claim(...given)),
    },
    keys: { all: guard(() => keys.all()), put: guard((key) => keys.put(key)) },
  }
}

async function toldFull<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error && error.message.includes('OOM')) {
      const full = 'The store of this server is full: nothing new is taken until tasks have expired or were deleted.'
      throw new BridgeError('store_full', full, { retryAfter: 60, cause: error })
    }
    throw error
  }
}
