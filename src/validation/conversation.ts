/** One attempt's request -> the next one's: the failed answer stays, the feedback is the user's next turn. */
import type { ClaudeRequest } from '../request/conversation.js'
import type { FallbackRequest, UpstreamRequest } from '../request/upstream-request.js'
import type { InnerRequest } from '../request/job-request.js'

type OneModel = ClaudeRequest | UpstreamRequest

/** The caller's own messages are not touched; an answer without text leaves no turn of its own. */
export function continued(request: InnerRequest, answer: string, feedback: string): InnerRequest {
  return eachModel(request, (run) => (run.kind === 'claude' ? continuedTurns(run, answer, feedback) : continuedBody(run, answer, feedback)))
}

/** The same with what a tool adds: the servers are the CLI's, and other models have none. */
export function withTool(request: InnerRequest, extra: Record<string, unknown>): InnerRequest {
  return eachModel(request, (run) => (run.kind === 'claude' ? { ...run, ...extra } : run))
}

function continuedTurns({ turns, ...rest }: ClaudeRequest, answer: string, feedback: string): ClaudeRequest {
  const content = [{ type: 'text' as const, text: feedback }]
  const last = turns.at(-1)
  // turns alternate: after an empty answer the feedback goes on with what the user said
  const next: ClaudeRequest['turns'] =
    answer.trim() === '' && last?.role === 'user'
      ? [...turns.slice(0, -1), { role: 'user', content: [...last.content, ...content] }]
      : [...turns, { role: 'assistant', content: [{ type: 'text', text: answer }] }, { role: 'user', content }]
  return { ...rest, turns: next }
}

function continuedBody(request: UpstreamRequest, answer: string, feedback: string): UpstreamRequest {
  const said = answer.trim() === '' ? [] : [{ role: 'assistant', content: answer }]
  return { ...request, added: [...(request.added ?? []), ...said, { role: 'user', content: feedback }] }
}

function eachModel(request: InnerRequest, change: (run: OneModel) => OneModel): InnerRequest {
  if (request.kind !== 'fallbacks') return change(request)
  const candidates: FallbackRequest['candidates'] = request.candidates.map(({ name, run }) => ({ name, run: change(run) }))
  return { ...request, candidates }
}
