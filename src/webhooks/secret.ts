import { Webhook } from 'standardwebhooks'
import { ConfigError } from '../errors/config-error.js'

/** Signs webhooks by the Standard Webhooks rules (HMAC-SHA256). Keeps its key to itself, wherever it is printed. */
export class WebhookSecret {
  readonly #key: Webhook

  constructor(key: Webhook) {
    this.#key = key
  }

  /** The value of `webhook-signature`. */
  sign(id: string, at: Date, body: string): string {
    return this.#key.sign(id, at, body)
  }
}

/**
 * `WEBHOOK_SECRET`: `whsec_` and 24 to 64 bytes in base64, as the standard has it, or any other text of 16 or more characters,
 * whose bytes are the key.
 *
 * @throws ConfigError that does not show the secret
 */
export function readWebhookSecret(text: string): WebhookSecret {
  if (!text.startsWith('whsec_')) {
    if (!/^[\x20-\x7e]{16,}$/.test(text)) {
      throw new ConfigError('WEBHOOK_SECRET: must be "whsec_" and base64, or at least 16 characters of ASCII')
    }
    return new WebhookSecret(new Webhook(text, { format: 'raw' }))
  }
  const encoded = text.slice('whsec_'.length)
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.toString('base64') !== encoded || bytes.length < 24 || bytes.length > 64) {
    throw new ConfigError('WEBHOOK_SECRET: what follows "whsec_" must be the base64 of 24 to 64 bytes')
  }
  return new WebhookSecret(new Webhook(text))
}
