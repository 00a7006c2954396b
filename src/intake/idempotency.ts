import { createHash } from 'node:crypto'
import { BridgeError } from '../errors/catalogue.js'
import type { Idempotency } from '../jobs/job.js'
import { createSlices } from '../slices.js'

/**
 * Reads `Idempotency-Key`, quoted as the draft has it (draft-ietf-httpapi-idempotency-key-header-07) or plain as clients send
 * it. The hash covers the body whatever the order of its members.
 *
 * @throws BridgeError invalid_value for an empty key or one of more than 255 characters
 */
export async function readIdempotency(header: string | string[] | undefined, body: unknown): Promise<Idempotency | undefined> {
  if (header === undefined) return undefined
  const key = String(header).replace(/^"(.*)"$/, '$1')
  if (key === '' || key.length > 255) {
    throw new BridgeError('invalid_value', 'Idempotency-Key has to have 1 to 255 characters.', { param: 'Idempotency-Key' })
  }
  return { key, hash: await bodyHash(body) }
}

/** The same for equal JSON, whatever the order of its members. A body may have hundreds of thousands of them: the event loop has turns. */
export async function bodyHash(body: unknown): Promise<string> {
  const hash = createHash('sha256')
  const slice = createSlices()
  let held = ''
  for (const piece of canonicalPieces(body, wholeBelow)) {
    held += piece
    if (held.length < piecesAtOnce) continue
    hash.update(held)
    held = ''
    await slice()
  }
  return hash.update(held).digest('hex')
}

/** Levels of a body that are gone through one by one, down to the calls of a message. */
const wholeBelow = 6
/** characters */
const piecesAtOnce = 16_384

/** The text of {@link canonicalJson} in pieces: of what is deeper than `levels`, each member is one. */
function* canonicalPieces(value: unknown, levels: number): Generator<string> {
  if (levels === 0 || typeof value !== 'object' || value === null) {
    // what JSON cannot say is null in a list
    yield canonicalJson(value) ?? 'null'
  } else if (Array.isArray(value)) {
    for (const [index, member] of value.entries()) {
      yield index === 0 ? '[' : ','
      yield* canonicalPieces(member, levels - 1)
    }
    yield value.length === 0 ? '[]' : ']'
  } else {
    let before = '{'
    for (const [name, member] of Object.entries(inOrder(value))) {
      if (member === undefined) continue
      yield `${before}${JSON.stringify(name)}:`
      yield* canonicalPieces(member, levels - 1)
      before = ','
    }
    yield before === '{' ? '{}' : '}'
  }
}

/** Undefined for what JSON cannot say. */
function canonicalJson(value: unknown): string | undefined {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member) ? inOrder(member) : member,
  )
}

function inOrder(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
