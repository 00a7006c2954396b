/** What the route does with a body, and how tests of requests tell what came of it. */
import { BridgeError, type Failure } from '../../src/errors/catalogue.js'
import { chatRequestSchema } from '../../src/openai/in/chat-request.js'
import type { ParsedRequest } from '../../src/request/parsed-request.js'
import { parseRequest } from '../../src/openai/in/parse-request.js'
import { validate } from '../../src/errors/request-error.js'

export const user = [{ role: 'user', content: 'hi' }]

/** A body as it arrives: JSON text, checked and parsed. */
export function parse(body: unknown): ParsedRequest {
  return parseValue(body === undefined ? undefined : JSON.parse(JSON.stringify(body)))
}

/** The same for what cannot be made into JSON here. */
export function parseValue(body: unknown): ParsedRequest {
  const { value, error } = validate(chatRequestSchema, body)
  if (error !== undefined) throw error
  return parseRequest(value, { claudeModel: 'sonnet' })
}

/** The same for members beside a model and one message. */
export function parseWith(members: object): ParsedRequest {
  return parse({ model: 'sonnet', messages: user, ...members })
}

/** The failure a body is refused with; throws if it is taken, or if anything but a BridgeError is thrown. */
export function refusal(make: () => unknown): Failure {
  let taken: unknown
  try {
    taken = make()
  } catch (error) {
    if (error instanceof BridgeError) return error.failure
    throw error
  }
  throw new Error(`expected a refusal, but it was taken: ${JSON.stringify(taken).slice(0, 300)}`)
}

/** The same for what is parsed with pauses. */
export async function refusalOf(made: Promise<unknown>): Promise<Failure> {
  const settled = await made.then(
    (taken) => ({ taken }),
    (error: unknown) => ({ error }),
  )
  return refusal(() => {
    if ('error' in settled) throw settled.error
    return settled.taken
  })
}
