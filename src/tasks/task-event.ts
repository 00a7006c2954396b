import type { Finish, CutCause, JobEvent, LoggedEvent, Phase } from '../jobs/events.js'
import type { FinalStatus, JobStatus } from '../jobs/status.js'
import type { ValidationError } from '../jobs/review.js'
import { toFiles } from './left-files.js'
import { errorObject } from '../openai/out/error-body.js'
import type { CompletionUsage, ErrorBody } from '../openai/out/response-schemas.js'
import { toUsage } from '../openai/out/usage.js'

/** An event of `/tasks/:id/events`; what the members mean is said at {@link JobEvent}. `created_at`: Unix seconds with a fraction. */
export type TaskEvent = { sequence_number: number; task_id: string; created_at: number } & Body

type Of<Type extends JobEvent['type']> = Extract<JobEvent, { type: Type }>

type Piece = Pick<Of<'text' | 'reasoning' | 'commentary'>, 'type' | 'choice' | 'text'>

type Body =
  | { type: 'status'; status: JobStatus; phase?: Phase; reason?: string; model?: string; headers?: Record<string, string> }
  | Piece
  | Pick<Of<'tool_call'>, 'type' | 'choice' | 'index' | 'id' | 'name' | 'namespace' | 'custom' | 'arguments'>
  | {
      type: 'tool_activity'
      choice: number
      id: string
      tool: string
      state: 'started' | 'finished'
      ok?: boolean
      input_bytes?: number
      duration_ms?: number
    }
  | { type: 'files'; choice: number; files: ReturnType<typeof toFiles> }
  | {
      type: 'usage'
      choice: number
      usage: CompletionUsage
      cost_usd: number | null
      model: string | null
      session_id: string | null
    }
  | { type: 'finish'; choice: number; reason: Finish; refusal?: string; cause?: CutCause }
  | { type: 'attempt'; choice: number; attempt: number; reason: string; response?: string; errors?: ValidationError[] }
  | { type: 'review'; reason: string }
  | { type: 'end'; status: FinalStatus; error: ErrorBody['error'] | null }

/**
 * An event of the log as `/tasks/:id/events` shows it: its number, its time (Unix seconds with a fraction), its task, its type
 * and what belongs to the type, in the spelling of the rest of the API.
 */
export function toTaskEvent(taskId: string, { seq, at, event }: LoggedEvent): TaskEvent {
  const { type, ...body } = bodyOf(event)
  return { type, sequence_number: seq, task_id: taskId, created_at: at / 1000, ...body } as TaskEvent
}

function bodyOf(event: JobEvent): Body {
  const { type } = event
  switch (type) {
    case 'usage': {
      const { choice, usage, costUsd, model, sessionId } = event
      return { type, choice, usage: toUsage(usage), cost_usd: costUsd, model, session_id: sessionId }
    }
    case 'tool_activity': {
      const { choice, id, tool, state, ok, inputBytes, durationMs } = event
      return { type, choice, id, tool, state, ok, input_bytes: inputBytes, duration_ms: durationMs }
    }
    case 'files':
      return { type, choice: event.choice, files: toFiles(event.files) }
    case 'end':
      return { type, status: event.status, error: event.error === null ? null : errorObject(event.error) }
    case 'status': {
      const { status, phase, reason, model, headers } = event
      return { type, status, phase, reason, model, headers }
    }
    case 'text':
    case 'reasoning':
    case 'commentary':
      return { type, choice: event.choice, text: event.text }
    case 'tool_call': {
      const { choice, index, id, name, namespace, custom } = event
      return { type, choice, index, id, name, namespace, custom, arguments: event.arguments }
    }
    case 'finish':
      return { type, choice: event.choice, reason: event.reason, refusal: event.refusal, cause: event.cause }
    case 'attempt': {
      const { choice, attempt, reason, response, errors } = event
      return { type, choice, attempt, reason, response, errors }
    }
    case 'review':
      return { type, reason: event.reason }
  }
}
