/** Which endpoint a request is for, and the answers that no script changes. */
import { findFault } from './checks.js'
import { httpError } from './failures.js'
import type { RecordedRequest } from './record.js'
import type { HttpReply } from './reply.js'
import { countInput } from './words.js'

const models = ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5'].map((id) => ({
  type: 'model',
  id,
  display_name: id,
  created_at: '2025-10-01T00:00:00Z',
}))

export function isModelCall(request: RecordedRequest): boolean {
  return request.method === 'POST' && request.path === '/v1/messages'
}

/**
 * @param readable false where the body was no JSON object
 * @param strict refuse what the API would refuse
 * @returns undefined for a model call that is in order: the script answers it
 */
export function fixedReply(request: RecordedRequest, readable: boolean, strict: boolean): HttpReply | undefined {
  const { method, path } = request
  const counting = method === 'POST' && path === '/v1/messages/count_tokens'
  if (isModelCall(request) || counting) {
    if (!readable) return httpError(400, { message: 'The request body is not valid JSON' })
    const fault = strict ? findFault(request.body, counting) : undefined
    if (fault !== undefined) return httpError(400, { message: fault })
    return counting ? ok({ input_tokens: countInput(request.body) }) : undefined
  }
  if (path === '/' && (method === 'HEAD' || method === 'GET')) return ok({ service: 'stand-in' })
  if (method === 'GET' && path === '/v1/models') {
    return ok({ data: models, has_more: false, first_id: models[0]!.id, last_id: models.at(-1)!.id })
  }
  const model = models.find(({ id }) => method === 'GET' && path === `/v1/models/${id}`)
  return model === undefined ? httpError(404, { message: 'Not found' }) : ok(model)
}

function ok(body: Record<string, unknown>): HttpReply {
  return { kind: 'http', status: 200, headers: { 'content-type': 'application/json' }, body }
}
