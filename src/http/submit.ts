/** From a validated body to a stored job, the same for every route that takes a chat request. */
import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.js'
import type { Job, JobView } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import type { ParsedRequest } from '../openai/parse-request.js'
import { readIdempotency } from './idempotency.js'

/** OpenAI keeps stored completions for thirty days. */
const storedTtlS = 30 * 24 * 3600

/** @throws BridgeError as {@link Jobs.submit} does */
export function submitChat(
  request: FastifyRequest,
  jobs: Jobs,
  config: Config,
  parsed: ParsedRequest,
  background: boolean,
  view: Partial<JobView> = {},
): Promise<{ job: Job; joined: boolean }> {
  const idempotency = readIdempotency(request.headers['idempotency-key'], request.body)
  const asked = parsed.timeoutS ?? config.jobTimeoutS
  return jobs.submit({
    owner: request.owner,
    model: parsed.model,
    background,
    metadata: parsed.metadata,
    view: {
      ignored: parsed.ignored,
      ...(parsed.user !== undefined && { user: parsed.user }),
      ...(parsed.formerCalls && { formerCalls: true }),
      ...(parsed.tellTier && { tellTier: true }),
      ...view,
    },
    choices: parsed.n,
    ttlS: parsed.store ? Math.max(config.taskTtlS, storedTtlS) : config.taskTtlS,
    timeoutS: Math.min(asked, config.jobTimeoutS),
    request: parsed.run,
    ...(idempotency === undefined ? {} : { idempotency }),
  })
}
