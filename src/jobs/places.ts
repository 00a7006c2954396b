/** The places of this server's runs: of the CLI, and of each provider. Each part owns its limiter; here they are found by a job's lane. */
import { Limiter } from '../limiter.js'
import type { Lane } from '../request/lane.js'

export class Places {
  /** `spare` is for jobs whose provider is there no more, which have to be told so, and for those of earlier versions. */
  constructor(
    readonly process: Limiter,
    private readonly providers: ReadonlyMap<string, Limiter> = new Map(),
    private readonly spare = new Limiter({ bound: 1 }),
  ) {}

  /** Where the runs of a job begin. */
  of({ view }: { view: { lane?: Lane } }): Limiter {
    const { lane = 'process' } = view
    if (lane === 'process') return this.process
    return this.providers.get(lane.replace(/^provider\//, '')) ?? this.spare
  }

  /** The lane whose runs begin there; of what has none any more, `spare`. */
  laneOf(limiter: Limiter): string {
    if (limiter === this.process) return 'process'
    const provider = [...this.providers].find(([, each]) => each === limiter)?.[0]
    return provider === undefined ? 'spare' : `provider/${provider}`
  }

  /** Those that need a process, or those that only wait for the network. */
  named(kind: 'process' | 'network'): Limiter[] {
    if (kind === 'process') return [this.process]
    return this.providers.size === 0 ? [this.spare] : [...this.providers.values()]
  }

  get all(): Limiter[] {
    return [this.process, ...this.providers.values(), this.spare]
  }
}
