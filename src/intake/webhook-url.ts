import { toWebUrl } from '../net/web-url.js'
import { refuse } from '../errors/refuse.js'
import { type AllowedHost, isAllowedHost } from '../net/allowed-hosts.js'

const param = 'webhook_url'

/** Whether the server sends webhooks, and to which hosts; both left out: to none. */
export interface WebhookRules {
  /** signs what is sent; only whether there is one matters here */
  webhookSecret: unknown
  webhookHosts: readonly AllowedHost[] | undefined
}

/**
 * Whether the server may call this URL.
 *
 * @throws BridgeError unsupported_parameter where webhooks are not set up, invalid_value for a URL that is not allowed
 */
export function checkWebhookUrl(text: string, { webhookSecret, webhookHosts }: WebhookRules): void {
  const missing = webhookSecret === undefined ? 'WEBHOOK_SECRET' : webhookHosts === undefined ? 'WEBHOOK_ALLOWED_HOSTS' : null
  if (missing !== null || webhookHosts === undefined) {
    throw refuse('unsupported_parameter', param, `this server sends no webhooks, because its ${missing} is not set`)
  }
  const url = toWebUrl(text)
  if (url === null) throw refuse('invalid_value', param, 'it is no http(s) URL, or has a user or password in it')
  if (!isAllowedHost(url, webhookHosts)) {
    throw refuse('invalid_value', param, "its host is not among the server's WEBHOOK_ALLOWED_HOSTS")
  }
}
