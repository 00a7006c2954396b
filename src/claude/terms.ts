/** What the terms of a login mean for a server that others use. */
import type { CredentialKind } from './process/environment.js'

/** A warning where other people may use a server that asks under one person's subscription; null where there is no reason for one. */
export function subscriptionWarning(server: { credential: CredentialKind; keys: number; exposed: boolean }): string | null {
  const { credential, keys, exposed } = server
  if (credential !== 'oauth_token' && credential !== 'login') return null
  if (keys < 2 && !exposed) return null
  const why = keys > 1 ? `this server has ${keys} keys` : 'other machines reach this server'
  return (
    `${why}, and the Claude CLI uses a subscription, which is for its owner's own use: ` +
    'a server for others needs an API key (ANTHROPIC_API_KEY) or a cloud provider (README, "Log in")'
  )
}
