/** The clients that wait for jobs, where several servers share a store: a job lives while any server has one. */
import type { LiveJob } from './live-job.js'
import type { Replicas } from './replicas.js'
import { isFinal } from './status.js'
import type { JobStore } from './store.js'

export interface SharedClientsOptions {
  store: JobStore
  replicas: Replicas
  /** the jobs that run here */
  live: ReadonlyMap<string, LiveJob>
  /** Ends a job wherever it runs. */
  cancel(id: string): Promise<void>
  onTrouble(message: string, error: unknown, jobId?: string): void
}

/** How often it is looked whether the clients of the jobs here are still there, in milliseconds. */
const lookEveryMs = 5000

export class SharedClients {
  private readonly timer: NodeJS.Timeout

  constructor(private readonly options: SharedClientsOptions) {
    this.timer = setInterval(() => {
      for (const live of options.live.values())
        this.endClientless(live).catch(this.trouble('a client could not be looked for', live.job.id))
    }, lookEveryMs)
    this.timer.unref()
  }

  close(): void {
    clearInterval(this.timer)
  }

  /** The client of this server keeps the job alive, wherever it runs. Returns what unties it. */
  attach(id: string): () => void {
    const { replicas } = this.options
    const held = replicas.holdClient(id).catch(this.trouble('it could not be said that a client waits', id))
    let attached = true
    return () => {
      if (!attached) return
      attached = false
      held
        .then(() => replicas.letGoClient(id))
        .then((last) => (last ? this.cancelForeground(id) : undefined))
        .catch(this.trouble('a job could not be cancelled after its client had left', id))
    }
  }

  private async cancelForeground(id: string): Promise<void> {
    const job = this.options.live.get(id)?.job ?? (await this.options.store.get(id))
    if (job !== null && !job.background && !isFinal(job.status)) await this.options.cancel(id)
  }

  private async endClientless(live: LiveJob): Promise<void> {
    const { background, view, id } = live.job
    if (background || live.ending !== null || live.paused) return
    // the one that waits for it runs here
    if (view.parent !== undefined && this.options.live.has(view.parent)) return
    if (await this.options.replicas.isClientless(id)) await this.options.cancel(id)
  }

  private trouble(message: string, id: string): (error: unknown) => void {
    return (error) => this.options.onTrouble(message, error, id)
  }
}
