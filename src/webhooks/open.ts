import type { JobStore } from '../jobs/store.js'
import { isTold } from '../jobs/webhooks.js'
import { createPublicAgent } from '../net/public-agent.js'
import { type AllowedHost, isTrustedHost } from '../net/allowed-hosts.js'
import type { WebhookSecret } from './secret.js'
import { WebhookSender } from './sender.js'

/** One of them left out: nothing is sent. */
export interface WebhookSettings {
  webhookSecret: WebhookSecret | undefined
  webhookHosts: readonly AllowedHost[] | undefined
}

export interface Webhooks {
  /** the same store, whose changes wake the sender */
  store: JobStore
  start(): void
  close(): Promise<void>
}

/** Without a secret or without allowed hosts nothing is sent. `delays` as in `SenderOptions`. */
export function openWebhooks(
  store: JobStore,
  { webhookSecret: secret, webhookHosts: allowed }: WebhookSettings,
  onTrouble: (message: string, error?: unknown) => void,
  delays?: readonly number[],
): Webhooks {
  if (secret === undefined || allowed === undefined) return { store, start: () => {}, close: async () => {} }
  const agent = createPublicAgent({ trusted: (hostname) => isTrustedHost(hostname, allowed) })
  const sender = new WebhookSender({ store, agent, secret, allowed, onTrouble, ...(delays && { delays }) })
  return {
    store: {
      ...store,
      async append(writes, how) {
        const results = await store.append(writes, how)
        if (writes.some(({ record }) => record !== null && isTold(record.status))) sender.wake()
        return results
      },
    },
    start: () => sender.wake(),
    async close() {
      await sender.close()
      await agent.destroy()
    },
  }
}
