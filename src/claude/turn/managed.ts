/** What an administrator's settings for Claude Code do to a request, as the CLI tells it beside its answers. */
import type { Failure } from '../../errors/catalogue.js'
import { redact } from '../../redact.js'
import { objectIn, textIn } from '../protocol/loose.js'
import type { CliMessage } from '../protocol/messages.js'

/** Said once in the life of a process: the model that is asked for is not allowed, and another one answers. */
export function isModelNotice(message: CliMessage): boolean {
  return isNotice(message) && objectIn(message['model_restriction']) !== undefined
}

/** Null where the request goes on as it was made. */
export function managedRefusal(message: CliMessage, model: string): Failure | null {
  if (!isNotice(message)) return null
  if (isModelNotice(message)) {
    const why = "an administrator's settings for Claude Code allow others only"
    return { code: 'model_not_found', message: `The model '${model}' is not to be had here: ${why}.`, param: 'model' }
  }
  const outcome = objectIn(message['prompt_submit_outcome'])
  if (outcome === undefined || message['prevent_continuation'] !== true) return null
  const reason = redact(textIn(outcome['reason']) ?? '').slice(0, 200)
  const said = reason === '' ? '' : `: ${reason}`
  return { code: 'claude_unavailable', message: `A hook in an administrator's settings for Claude Code stops the message${said}.` }
}

/** Ids of calls whose result the CLI has written as an error: one of the client's functions among them was answered by the CLI itself. */
export function failedCallsIn({ type, message }: CliMessage): string[] {
  const content = type === 'user' ? objectIn(message)?.['content'] : undefined
  if (!Array.isArray(content)) return []
  return content.flatMap((block: unknown) => {
    const result = objectIn(block)
    const id = textIn(result?.['tool_use_id'])
    return id !== undefined && result?.['type'] === 'tool_result' && result['is_error'] === true ? [id] : []
  })
}

function isNotice({ type, subtype }: CliMessage): boolean {
  return type === 'system' && subtype === 'informational'
}
