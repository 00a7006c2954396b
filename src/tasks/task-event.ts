import type { JobEvent, LoggedEvent } from '../jobs/events.js'
import { toFiles } from './left-files.js'
import { errorObject } from '../openai/out/error-body.js'
import { toUsage } from '../openai/out/usage.js'

/**
 * An event of the log as `/tasks/:id/events` shows it: its number, its time (Unix seconds with a fraction), its task, its type
 * and what belongs to the type, in the spelling of the rest of the API.
 */
export function toTaskEvent(taskId: string, { seq, at, event }: LoggedEvent): Record<string, unknown> & { type: string } {
  return { type: event.type, sequence_number: seq, task_id: taskId, created_at: at / 1000, ...bodyOf(event) }
}

function bodyOf(event: JobEvent): Record<string, unknown> {
  switch (event.type) {
    case 'usage': {
      const { choice, usage, costUsd, model, sessionId } = event
      return { choice, usage: toUsage(usage), cost_usd: costUsd, model, session_id: sessionId }
    }
    case 'tool_activity': {
      const { choice, id, tool, state, ok, inputBytes, durationMs } = event
      return { choice, id, tool, state, ok, input_bytes: inputBytes, duration_ms: durationMs }
    }
    case 'files':
      return { choice: event.choice, files: toFiles(event.files) }
    case 'end':
      return { status: event.status, error: event.error === null ? null : errorObject(event.error) }
    case 'status': {
      const { status, phase, reason, model, headers } = event
      return { status, phase, reason, model, headers }
    }
    case 'text':
    case 'reasoning':
    case 'commentary':
      return { choice: event.choice, text: event.text }
    case 'tool_call': {
      const { choice, index, id, name, namespace, custom } = event
      return { choice, index, id, name, namespace, custom, arguments: event.arguments }
    }
    case 'finish':
      return { choice: event.choice, reason: event.reason, refusal: event.refusal, cause: event.cause }
    case 'attempt': {
      const { choice, attempt, reason, response, errors } = event
      return { choice, attempt, reason, response, errors }
    }
    case 'review':
      return { reason: event.reason }
  }
}
