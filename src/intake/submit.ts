/** From a validated body to a stored job, the same for every route that takes a chat request. */
import { depthHeader, depthOf } from './depth.js'
import { BridgeError } from '../errors/catalogue.js'
import type { Job, JobView } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import type { PublicAgent } from '../net/public-agent.js'
import type { ParsedRequest } from '../request/parsed-request.js'
import type { ClaudeRequest } from '../request/conversation.js'
import type { InnerRequest } from '../request/job-request.js'
import type { TraceContext } from '../request/trace-context.js'
import type { Compiler } from './compiler.js'
import { fetchImages } from './fetch-images.js'
import { createIgnored } from '../request/ignored.js'
import { readIdempotency } from './idempotency.js'
import { type WebhookRules, checkWebhookUrl } from './webhook-url.js'

/** OpenAI keeps stored completions for thirty days. */
const storedTtlS = 30 * 24 * 3600

/** What the operator has set. */
export interface IntakeSettings extends WebhookRules {
  /** longest run of a job whose model has no limit of its own, in seconds */
  jobTimeoutS: number
  /** seconds that a task stays readable after its end */
  taskTtlS: number
  /** the CLI asks again where the model's API limits it, unless the client does so itself */
  retryRateLimits: boolean
}

/** Who asks: a request of Fastify's, or what stands for one. */
export interface Asking {
  owner: string
  /** the job that asks with its token; null: a client from outside */
  parent: string | null
  /** `x-request-id` of the answer */
  requestId: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** the request's span, or its caller's; null: it belongs to no trace */
  trace: TraceContext | null
  /** Milliseconds that the server itself has spent on the request so far: without those in which its client sent the body. */
  spentMs: () => number
  /** what an idempotency key stands for */
  body: unknown
  /** gets what the request only names */
  publicAgent: PublicAgent
  /** compiles schemas and patterns */
  compiler: Compiler
  /** the client has left */
  gone: AbortSignal
  /** the same for what takes its time, where that is another signal */
  goneFromWait?: () => AbortSignal
}

/** @throws BridgeError as {@link Jobs.submit}, {@link depthOf}, {@link checkWebhookUrl} and {@link fetchImages} do; invalid_api_key */
export async function submitChat(
  request: Asking,
  jobs: Jobs,
  settings: IntakeSettings,
  parsed: ParsedRequest<InnerRequest>,
  background: boolean,
  view: Partial<JobView> = {},
): Promise<{ job: Job; joined: boolean }> {
  const idempotency = await readIdempotency(request.headers['idempotency-key'], request.body)
  if (parsed.webhookUrl !== undefined) checkWebhookUrl(parsed.webhookUrl, settings)
  const { owner, parent } = request
  const depth = depthOf(request.headers[depthHeader], parent === null ? null : atWork(jobs, parent).view)
  // before anything is fetched for a request that has been answered, or that only has to wait for its answer
  const earlier = idempotency === undefined ? null : await jobs.joinEarlier({ owner, background, idempotency })
  // without a token it is not known whose place it would run in
  if (parent === null && depth > 0 && !background && (earlier === null || earlier.status === 'queued')) refuseToWait(jobs, parsed)
  if (earlier !== null) return { job: earlier, joined: true }
  const limit = parsed.limitS ?? settings.jobTimeoutS
  const below = depth === 0 ? {} : { depth }
  const retries = !settings.retryRateLimits || (!background && asksAgain(request.headers))
  const run = { ...(retries ? eachClaude(parsed.run, (one) => ({ ...one, clientRetries: true })) : parsed.run), ...below }
  await request.compiler.compile(parsed.pending, { owner, signal: request.gone })
  const ignored = createIgnored(parsed.ignored)
  const spent = request.spentMs()
  if (parsed.remoteImages.length > 0) {
    const gone = request.goneFromWait?.() ?? request.gone
    for (const name of await fetchImages(request.publicAgent, parsed.remoteImages, owner, gone)) ignored.add(name)
  }
  return jobs.submit({
    owner,
    model: parsed.model,
    background,
    metadata: parsed.metadata,
    view: {
      ignored: ignored.names(),
      ...(parsed.user !== undefined && { user: parsed.user }),
      ...(parsed.webhookUrl !== undefined && { webhookUrl: parsed.webhookUrl }),
      ...(parsed.formerCalls && { formerCalls: true }),
      ...(parsed.maxCostUsd !== undefined && { maxCostUsd: parsed.maxCostUsd }),
      ...(parsed.tellTier && { tellTier: true }),
      ...(parsed.lane !== undefined && { lane: parsed.lane }),
      ...below,
      ...(parent !== null && { parent }),
      requestId: request.requestId,
      ...(request.trace !== null && { trace: request.trace }),
      // fetching images is a wait for others
      spentMs: Math.round(spent),
      ...view,
    },
    choices: parsed.n,
    ttlS: parsed.keptS ?? (parsed.store ? Math.max(settings.taskTtlS, storedTtlS) : settings.taskTtlS),
    timeoutS: Math.min(parsed.timeoutS ?? limit, limit),
    request: parsed.plan === undefined ? run : { kind: 'checked', inner: run, plan: parsed.plan },
    ...(idempotency === undefined ? {} : { idempotency }),
  })
}

/** OpenAI's SDKs say how often they have asked; they ask again after a 429 that says when. */
function asksAgain(headers: Asking['headers']): boolean {
  return headers['x-stainless-retry-count'] !== undefined
}

function eachClaude(run: InnerRequest, change: (run: ClaudeRequest) => ClaudeRequest): InnerRequest {
  if (run.kind === 'upstream') return run
  if (run.kind === 'claude') return change(run)
  return { ...run, candidates: run.candidates.map(({ name, run: one }) => ({ name, run: one.kind === 'claude' ? change(one) : one })) }
}

/** A body may take longer to come than the job that sends it lives. */
function atWork(jobs: Jobs, id: string): Job {
  const job = jobs.atWork(id)
  if (job === null) throw new BridgeError('invalid_api_key', 'The job that asks has ended.')
  return job
}

/**
 * A job that holds a slot and waits for one that waits for a slot: with enough of them none would ever go on. So what a job
 * waits for has to begin at once, where it is not known which job that is.
 */
function refuseToWait(jobs: Jobs, view: Pick<JobView, 'lane'>): void {
  if (!jobs.noPlaceFor(view)) return
  throw new BridgeError('queue_full', 'All slots are taken, and a job cannot wait for another one.', { retryAfter: 5 })
}
