/** A sender on a real store, and jobs that have ended for it. */
import type { Test } from 'tap'
import { openSqliteStore } from '../../src/jobs/sqlite/store.js'
import type { JobStore } from '../../src/jobs/store.js'
import { createPublicAgent } from '../../src/net/public-agent.js'
import { isTrustedHost, readAllowedHosts } from '../../src/net/allowed-hosts.js'
import { readWebhookSecret } from '../../src/webhooks/secret.js'
import { WebhookSender } from '../../src/webhooks/sender.js'
import { ending, jobWith, put, queued } from '../jobs/conformance/records.js'
import { temporary } from '../jobs/sqlite/helpers.js'
import { secret } from './receiver.js'

export interface Sending {
  sender: WebhookSender
  troubles: string[]
}

export function startSender(t: Test, store: JobStore, allowedText: string, delays: readonly number[]): Sending {
  const allowed = readAllowedHosts(allowedText)
  const agent = createPublicAgent({ trusted: (hostname) => isTrustedHost(hostname, allowed) })
  const troubles: string[] = []
  const onTrouble = (message: string) => void troubles.push(message)
  const sender = new WebhookSender({ store, agent, secret: readWebhookSecret(secret), allowed, delays, onTrouble })
  t.teardown(async () => {
    await sender.close()
    await agent.destroy()
  })
  sender.wake()
  return { sender, troubles }
}

export async function openStore(t: Test): Promise<JobStore> {
  const store = await openSqliteStore({ dataDir: temporary(t) })
  t.teardown(() => store.close())
  return store
}

/** A job that has ended. */
export async function ended(store: JobStore, webhookUrl: string): Promise<string> {
  const job = jobWith({ view: { ignored: [], webhookUrl } })
  await store.create(job, {}, queued)
  await put(store, job.id, ending('completed'))
  return job.id
}

export async function untilEmpty(store: JobStore, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms
  while ((await store.webhooks.nextAt()) !== null) {
    if (Date.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return true
}
