/** How the answers of a request are checked and made again: what its members say, with what the user has asked for. */
import type { AttemptPlan } from '../../request/plan.js'
import { toPlan } from '../../validation/parsing.js'
import type { PendingSource } from '../../request/pending-source.js'
import type { ChatRequest } from './chat-request.js'
import type { Ignored } from '../../request/ignored.js'
import { refuse } from '../../errors/refuse.js'

/** Undefined where nothing is checked and nothing made again. `toolRequest`: see `PlanContext`. Throws 400 with `param`. */
export function requestPlan(
  body: ChatRequest,
  ignored: Ignored,
  pending: PendingSource[],
  toolRequest: (config: Record<string, unknown>) => Record<string, unknown> = noServers,
): AttemptPlan | undefined {
  const plan = toPlan(body, {
    ignored,
    pending,
    lastUserText: lastUserText(body),
    originalRequest: body.messages ?? body.question,
    n: body.n ?? 1,
    toolRequest,
  })
  return plan ?? undefined
}

function noServers(): never {
  throw refuse('unsupported_parameter', 'debug_tool_mcp_config', "only Claude's models have servers and tools of the CLI")
}

/** What the user said last, in words. */
function lastUserText({ messages, question }: ChatRequest): string {
  const last = messages?.findLast(({ role }) => role === 'user')
  if (last === undefined) return question ?? ''
  const content = last.content as string | { text?: string }[] | null
  if (typeof content === 'string') return content
  return (content ?? [])
    .map(({ text = '' }) => text)
    .join('\n')
    .trim()
}
