/** One attempt's request -> the next one's: the failed answer stays, the feedback is the user's next turn. */
import type { ClaudeRequest } from '../request/conversation.js'
import type { FallbackRequest } from '../request/upstream-request.js'
import type { InnerRequest } from './plan.js'

/** The caller's own messages are not touched; an answer without text leaves no turn of its own. */
export function continued(request: InnerRequest, answer: string, feedback: string): InnerRequest {
  if (request.kind === 'claude') {
    const { turns, ...rest } = request as unknown as ClaudeRequest
    const content = [{ type: 'text' as const, text: feedback }]
    const last = turns.at(-1)
    // turns alternate: after an empty answer the feedback goes on with what the user said
    const next: ClaudeRequest['turns'] =
      answer.trim() === '' && last?.role === 'user'
        ? [...turns.slice(0, -1), { role: 'user', content: [...last.content, ...content] }]
        : [...turns, { role: 'assistant', content: [{ type: 'text', text: answer }] }, { role: 'user', content }]
    return { ...rest, turns: next }
  }
  if (request.kind === 'fallbacks') return eachCandidate(request, (run) => continued(run, answer, feedback))
  const body = request['body'] as { messages: unknown[] }
  const said = answer.trim() === '' ? [] : [{ role: 'assistant', content: answer }]
  return { ...request, body: { ...body, messages: [...body.messages, ...said, { role: 'user', content: feedback }] } }
}

/** The same with what a tool adds: the servers are the CLI's, and other models have none. */
export function withTool(request: InnerRequest, extra: Record<string, unknown>): InnerRequest {
  if (request.kind === 'fallbacks') return eachCandidate(request, (run) => withTool(run, extra))
  return request.kind === 'claude' ? { ...request, ...extra } : request
}

function eachCandidate(request: InnerRequest, change: (run: InnerRequest) => InnerRequest): InnerRequest {
  const { candidates } = request as unknown as FallbackRequest
  return { ...request, candidates: candidates.map(({ name, run }) => ({ name, run: change(run as unknown as InnerRequest) })) }
}
