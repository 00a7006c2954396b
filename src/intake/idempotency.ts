import { createHash } from 'node:crypto'
import { BridgeError } from '../errors/catalogue.js'
import type { Idempotency } from '../jobs/job.js'

/**
 * Reads `Idempotency-Key`, quoted as the draft has it (draft-ietf-httpapi-idempotency-key-header-07) or plain as clients send
 * it. The hash covers the body whatever the order of its members.
 *
 * @throws BridgeError invalid_value for an empty key or one of more than 255 characters
 */
export function readIdempotency(header: string | string[] | undefined, body: unknown): Idempotency | undefined {
  if (header === undefined) return undefined
  const key = String(header).replace(/^"(.*)"$/, '$1')
  if (key === '' || key.length > 255) {
    throw new BridgeError('invalid_value', 'Idempotency-Key has to have 1 to 255 characters.', { param: 'Idempotency-Key' })
  }
  return { key, hash: bodyHash(body) }
}

/** The same for equal JSON, whatever the order of its members. */
export function bodyHash(body: unknown): string {
  return createHash('sha256').update(canonicalJson(body)).digest('hex')
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
