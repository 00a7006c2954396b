/** What would become of a chat request, without asking a model: each of its fields honoured or ignored, or why it is refused. */
import { BridgeError } from '../../errors/catalogue.js'
import { errorObject } from '../out/error-body.js'
import { fields } from './honoured-fields.js'
import type { ChatOptions } from './chat-options.js'
import { parseLargeChat } from './parse-chat.js'
import type { RequestCheck } from '../out/response-schemas.js'
import { validateChat } from './validate-chat.js'
import type { PendingSource } from '../../request/pending-source.js'

/**
 * Anything at all may be given; what is wrong with it is part of the answer. Stops at the first thing that is refused.
 *
 * @param compile throws what is wrong with schemas and patterns
 */
export async function checkRequest(
  body: unknown,
  options: ChatOptions,
  compile: (sources: readonly PendingSource[]) => Promise<void>,
): Promise<RequestCheck> {
  const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : []
  const known = given.filter((name) => name === 'model' || Object.hasOwn(fields, name))
  const result: RequestCheck = { object: 'chat.completion.check', ok: false, honoured: [], ignored: [], error: null }
  try {
    const checked = await validateChat(body, options)
    if (checked.error !== undefined) throw checked.error
    const { ignored, pending } = await parseLargeChat(checked.value, options)
    await compile(pending)
    return { ...result, ok: true, honoured: known.filter((name) => !ignored.includes(name)), ignored }
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error
    return { ...result, error: errorObject(error.failure) }
  }
}
