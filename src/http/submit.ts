/** From a validated body to a stored job, the same for every route that takes a chat request. */
import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.js'
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import type { ParsedRequest } from '../openai/parse-request.js'
import { fetchImages } from './fetch-images.js'
import { readIdempotency } from './idempotency.js'
import { checkWebhookUrl } from './webhook-url.js'

/** OpenAI keeps stored completions for thirty days. */
const storedTtlS = 30 * 24 * 3600

/** @throws BridgeError as {@link Jobs.submit}, {@link checkWebhookUrl} and {@link fetchImages} do */
export async function submitChat(
  request: FastifyRequest,
  jobs: Jobs,
  config: Config,
  parsed: ParsedRequest,
  background: boolean,
): Promise<{ job: Job; joined: boolean }> {
  const idempotency = readIdempotency(request.headers['idempotency-key'], request.body)
  if (parsed.webhookUrl !== undefined) checkWebhookUrl(parsed.webhookUrl, config)
  await fetchImages(request, request.server.publicAgent, parsed.remoteImages)
  const asked = parsed.timeoutS ?? config.jobTimeoutS
  return jobs.submit({
    owner: request.owner,
    model: parsed.model,
    background,
    metadata: parsed.metadata,
    view: {
      ignored: parsed.ignored,
      ...(parsed.user !== undefined && { user: parsed.user }),
      ...(parsed.webhookUrl !== undefined && { webhookUrl: parsed.webhookUrl }),
      ...(parsed.formerCalls && { formerCalls: true }),
      ...(parsed.tellTier && { tellTier: true }),
    },
    choices: parsed.n,
    ttlS: parsed.store ? Math.max(config.taskTtlS, storedTtlS) : config.taskTtlS,
    timeoutS: Math.min(asked, config.jobTimeoutS),
    request: parsed.run,
    ...(idempotency === undefined ? {} : { idempotency }),
  })
}
