/** How the answers of a request are checked and made again: what its members say, with what the user has asked for. */
import type { AttemptPlan } from '../../request/plan.js'
import { type PlanFields, toPlan } from '../../validation/parsing.js'
import type { PendingSource } from '../../request/pending-source.js'
import type { Ignored } from '../../request/ignored.js'
import { refuse } from '../../errors/refuse.js'

/** What a plan is made of; messages may be of any shape, as a provider judges its own. */
interface PlanBody extends PlanFields {
  messages?: unknown[] | null | undefined
  question?: string | null | undefined
  n?: number | null | undefined
}

/** Undefined where nothing is checked and nothing made again. `toolRequest`: see `PlanContext`. Throws 400 with `param`. */
export function requestPlan(
  body: PlanBody,
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
function lastUserText({ messages, question }: PlanBody): string {
  const last = messages?.findLast((message) => textMember(message, 'role') === 'user')
  if (last === undefined) return question ?? ''
  const { content } = last as { content?: unknown }
  if (typeof content === 'string') return content
  return (Array.isArray(content) ? content : [])
    .map((part) => textMember(part, 'text') ?? '')
    .join('\n')
    .trim()
}

function textMember(value: unknown, name: string): string | null {
  const member = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : null
  return typeof member === 'string' ? member : null
}
