/**
 * A job that has ended -> the request that asks for the same again. It is the job's stored request and not the client's body, so that images
 * are those of then; what the server and the key allow is looked at anew.
 */
import { BridgeError } from '../errors/catalogue.js'
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import { isFinal } from '../jobs/status.js'
import type { ChatOptions } from '../openai/in/chat-options.js'
import { parseChat } from '../openai/in/parse-chat.js'
import { tryValidators } from '../openai/in/validator-models.js'
import type { ClaudeRequest } from '../request/conversation.js'
import { createIgnored } from '../request/ignored.js'
import { type InnerRequest, type JobRequest, uncheckedRequest } from '../request/job-request.js'
import { noTools } from '../request/mcp-ask.js'
import { modelNotFound, requireModel } from '../request/model-names.js'
import { modelKey } from '../request/model-settings.js'
import type { ParsedRequest } from '../request/parsed-request.js'
import type { AttemptPlan } from '../request/plan.js'
import { settleAgain } from '../request/settle-again.js'
import { resolveUpstream } from '../request/upstream-models.js'
import type { UpstreamRequest } from '../request/upstream-request.js'

/**
 * `job`: the caller's own. @throws BridgeError task_unfinished, request_not_kept, record_unreadable; as `parseChatBody` where its model or its tools
 * are not allowed any more
 */
export async function parseChatAgain(job: Job, jobs: Jobs, options: ChatOptions): Promise<ParsedRequest<InnerRequest>> {
  if (!isFinal(job.status)) {
    throw new BridgeError('task_unfinished', `The task ${job.id} has not ended (${job.status}): wait for its end, or cancel it first.`)
  }
  const request = await jobs.request(job.id, job.owner)
  if (request === null) throw new BridgeError('request_not_kept', `The request of ${job.id} is not kept any more: send it again.`)
  const { metadata, view, choices: n, ttlS, timeoutS, model } = job
  const ignored = createIgnored(view.ignored)
  const run = allowedNow(model, uncheckedRequest(request), options, (one) => withTools(one, options, ignored))
  const plan = request.kind === 'checked' ? planNow(request, options, ignored) : undefined
  const limitS = limitOf(model, options)
  return {
    run,
    remoteImages: [],
    // they have compiled before
    pending: [],
    model,
    ...{ delivery: 'poll' as const, background: true, includeUsage: false },
    ...{ n, metadata, timeoutS, keptS: ttlS, store: false },
    ignored: ignored.names(),
    ...(plan && { plan }),
    ...(view.user !== undefined && { user: view.user }),
    ...(view.formerCalls && { formerCalls: true as const }),
    ...(view.tellTier && { tellTier: true as const }),
    ...(view.webhookUrl !== undefined && { webhookUrl: view.webhookUrl }),
    ...(view.maxCostUsd !== undefined && { maxCostUsd: view.maxCostUsd }),
    ...(view.lane !== undefined && { lane: view.lane }),
    ...(limitS !== undefined && { limitS }),
  }
}

/** The same for every model that may be asked, with what belongs to the request of then taken out: how deep it stood, who asks again. */
function allowedNow(model: string, run: InnerRequest, options: ChatOptions, each: (run: ClaudeRequest) => ClaudeRequest): InnerRequest {
  const one = (name: string, asked: ClaudeRequest | UpstreamRequest) => {
    requireModel(name, options.allowedModels)
    const rest = { ...asked }
    delete rest.depth
    if (rest.kind === 'claude') {
      delete rest.clientRetries
      return each(rest)
    }
    if (options.upstreams?.some(({ name: known }) => known === rest.provider)) return rest
    throw modelNotFound(name, options.upstreams, options.aliases)
  }
  if (run.kind !== 'fallbacks') return one(model, run)
  return { kind: 'fallbacks', candidates: run.candidates.map((candidate) => ({ ...candidate, run: one(candidate.name, candidate.run) })) }
}

function withTools(run: ClaudeRequest, options: ChatOptions, ignored: ReturnType<typeof createIgnored>): ClaudeRequest {
  if (run.inside === undefined) return run
  const { inside, ...rest } = run
  const settled = settleAgain(inside, options.mcp ?? noTools, ignored)
  return settled === undefined ? rest : { ...rest, inside: settled }
}

function planNow({ plan }: JobRequest & { kind: 'checked' }, options: ChatOptions, ignored: ReturnType<typeof createIgnored>): AttemptPlan {
  tryValidators(plan, options.claudeModel, (child) => parseChat(child, options))
  const { tool } = plan
  const brought = tool?.request['inside'] as ClaudeRequest['inside']
  if (tool === null || brought === undefined) return plan
  return { ...plan, tool: { ...tool, request: { ...tool.request, inside: settleAgain(brought, options.mcp ?? noTools, ignored) } } }
}

/** Seconds; undefined: the server's own limit. */
function limitOf(model: string, { claudeModel, upstreams = [], aliases = new Map(), models }: ChatOptions): number | undefined {
  const key = modelKey(model, { claudeModel, upstreams, aliases })
  return models?.get(key ?? '')?.timeoutS ?? resolveUpstream(model, upstreams, aliases)?.model.timeoutS
}
