/**
 * Sends what the store has to be sent, again and again until it is taken or given up. What is on its way stays in the store
 * until its answer is there, so a killed server's webhooks are sent by the next one: each at least once, with the same id.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Agent } from 'undici'
import type { JobStore } from '../jobs/store.js'
import { unlessUnreadable } from '../jobs/unreadable.js'
import type { Webhook } from '../jobs/webhooks.js'
import { toWebUrl } from '../net/web-url.js'
import { type AllowedHost, isAllowedHost } from '../net/allowed-hosts.js'
import { type Delivery, deliver } from './deliver.js'
import { payloadOf } from './payload.js'
import { defaultDelays, delayAfter } from './schedule.js'
import type { WebhookSecret } from './secret.js'

export interface SenderOptions {
  store: Pick<JobStore, 'get' | 'webhooks'>
  /** closed by its owner, after this */
  agent: Agent
  secret: WebhookSecret
  allowed: readonly AllowedHost[]
  delays?: readonly number[]
  /** Something went wrong for good, or in a way that was not foreseen. */
  onTrouble(message: string, error?: unknown): void
}

const atOnce = 16
const perHost = 4
/** Longest time between two looks: the clock may be set, and an earlier look may have failed. */
const longestWaitMs = 30_000
/** between two looks while some are on their way */
const busyWaitMs = 1000
const troubleWaitMs = 2000
/** longer than a try takes */
const claimMs = 20_000
/** in place of a record that cannot be read */
const damaged = Symbol('damaged')

export class WebhookSender {
  /** what is on its way, by id */
  private readonly sending = new Map<string, { host: string; over: Promise<void> }>()
  private readonly stop = new AbortController()
  private timer: NodeJS.Timeout | undefined
  private looking: Promise<void> | null = null
  private again = false

  constructor(private readonly options: SenderOptions) {}

  /** There may be something to send. Has to be called once at the start. */
  wake(): void {
    this.again = true
    if (this.looking !== null || this.stop.signal.aborted) return
    this.looking = this.look().finally(() => {
      this.looking = null
      if (this.again) this.wake()
    })
  }

  /** Breaks off what is on its way; the next server sends it. */
  async close(): Promise<void> {
    this.stop.abort(new Error('the server ends'))
    clearTimeout(this.timer)
    await this.looking
    await Promise.all([...this.sending.values()].map(({ over }) => over))
  }

  private async look(): Promise<void> {
    clearTimeout(this.timer)
    let waitMs = longestWaitMs
    try {
      this.again = false
      const { webhooks } = this.options.store
      // as many more as are on their way already, for those are among them
      const due = await webhooks.due(Date.now(), perHost * 2, atOnce * 2)
      for (const webhook of due) this.start(webhook)
      // what is due and has no room is looked at again when something has come back
      const next = this.sending.size > 0 ? Date.now() + busyWaitMs : await webhooks.nextAt()
      if (next !== null) waitMs = Math.min(longestWaitMs, Math.max(0, next - Date.now()))
    } catch (error) {
      this.options.onTrouble('webhooks could not be read', error)
      waitMs = troubleWaitMs
    }
    if (!this.stop.signal.aborted) this.timer = setTimeout(() => this.wake(), waitMs).unref()
  }

  /** Nothing where it is on its way already or has no room. */
  private start(webhook: Webhook): void {
    // what is no URL is removed by `send`, and hides no other
    const host = URL.canParse(webhook.url) ? new URL(webhook.url).host : ''
    const toHost = [...this.sending.values()].filter((other) => other.host === host).length
    if (this.stop.signal.aborted || this.sending.has(webhook.id) || this.sending.size >= atOnce || toHost >= perHost) return
    const over = this.send(webhook)
      .catch(async (error: unknown) => {
        if (this.stop.signal.aborted) return
        this.options.onTrouble(`webhook ${webhook.id} could not be sent`, error)
        // it is due as before: not at once again
        await sleep(troubleWaitMs, undefined, { signal: this.stop.signal, ref: false }).catch(() => undefined)
      })
      .finally(() => {
        this.sending.delete(webhook.id)
        this.wake()
      })
    this.sending.set(webhook.id, { host, over })
  }

  private async send(webhook: Webhook): Promise<void> {
    const { store, agent, secret, allowed, delays = defaultDelays } = this.options
    if (!(await store.webhooks.claim(webhook.id, claimMs))) {
      // another server is at it, or was killed: it is due as before, and not to be looked at again at once
      await sleep(busyWaitMs, undefined, { signal: this.stop.signal, ref: false })
      return
    }
    const url = toWebUrl(webhook.url)
    const job = await store.get(webhook.jobId).catch(unlessUnreadable(damaged))
    // forgotten meanwhile, or no longer allowed
    if (job === null || url === null || !isAllowedHost(url, allowed)) return store.webhooks.remove(webhook.id)
    const delivery: Delivery =
      job === damaged
        ? { kind: 'failed', why: 'the record of its task cannot be read' }
        : await deliver(agent, secret, { id: webhook.id, url: url.href, body: payloadOf(webhook, job) }, this.stop.signal)
    if (delivery.kind === 'done') return store.webhooks.remove(webhook.id)
    const delay = delivery.kind === 'gone' ? null : delayAfter(webhook.attempts + 1, delays)
    if (delay !== null) return store.webhooks.postpone(webhook.id, Date.now() + delay)
    const why = delivery.kind === 'gone' ? 'status 410' : delivery.why
    this.options.onTrouble(`webhook ${webhook.id} of ${webhook.jobId} to ${url.host} is given up: ${why}`)
    await store.webhooks.remove(webhook.id)
  }
}
