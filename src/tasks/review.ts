/** What a human is asked to decide, on the wire. */
import type { Failure } from '../errors/catalogue.js'
import type { Review } from '../jobs/review.js'
import type { Task } from '../openai/out/response-schemas.js'

export function toReview(review: Review): NonNullable<Task['review']> {
  return {
    reason: review.reason,
    attempts: review.attempts,
    last_response: review.lastResponse,
    validation_errors: review.validationErrors,
    original_request: review.originalRequest,
  }
}

/** For a client that waits for the answer; it may wait on the task. */
export function reviewRequired(taskId: string): Failure {
  const how = `POST /tasks/${taskId}/review with {"decision": "approve" | "reject" | "retry", "feedback"?}`
  return { code: 'human_review_required', message: `A human has to review the answer of task ${taskId}: ${how}.` }
}
