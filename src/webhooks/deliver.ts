import { type Agent, request } from 'undici'
import type { WebhookSecret } from './secret.js'
import { name } from '../version.js'

export interface Message {
  /** the same at every try, so that a receiver knows what it has had */
  id: string
  url: string
  body: string
}

/** `done`: taken. `gone`: the receiver wants no more of it (410). `failed`: worth another try; `why` names no more than a code. */
export type Delivery = { kind: 'done' } | { kind: 'gone' } | { kind: 'failed'; why: string }

const timeoutMs = 15_000

/** One try. A redirect is a failure: it would lead to a host that is not allowed. Rejects only where `signal` ended it. */
export async function deliver(agent: Agent, secret: WebhookSecret, message: Message, signal: AbortSignal): Promise<Delivery> {
  const now = new Date()
  try {
    const { statusCode, body } = await request(message.url, {
      method: 'POST',
      dispatcher: agent,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      headers: {
        'content-type': 'application/json',
        'user-agent': name,
        'webhook-id': message.id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': secret.sign(message.id, now, message.body),
      },
      body: message.body,
    })
    // what it says besides is of no interest
    await body.dump({ limit: 16_384 }).catch(() => undefined)
    if (statusCode >= 200 && statusCode < 300) return { kind: 'done' }
    return statusCode === 410 ? { kind: 'gone' } : { kind: 'failed', why: `status ${statusCode}` }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    const { code, name } = error as NodeJS.ErrnoException
    return { kind: 'failed', why: code ?? name }
  }
}
