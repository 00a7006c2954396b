/** What a job stores of its request: what is to be run, and how its answers are checked. */
import type { ClaudeRequest } from './conversation.js'
import type { AttemptPlan } from './plan.js'
import type { FallbackRequest, UpstreamRequest } from './upstream-request.js'

/** What one attempt runs. */
export type InnerRequest = ClaudeRequest | UpstreamRequest | FallbackRequest

/** A request whose answers are checked. */
export interface CheckedRequest {
  kind: 'checked'
  inner: InnerRequest
  plan: AttemptPlan
}

export type JobRequest = InnerRequest | CheckedRequest

/** What is asked of a model, checked or not. */
export function uncheckedRequest(request: JobRequest): InnerRequest {
  return request.kind === 'checked' ? request.inner : request
}
