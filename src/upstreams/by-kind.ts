import type { Executor } from '../jobs/executor.js'
import type { Charge } from '../jobs/spending.js'
import type { ClaudeRequest } from '../request/conversation.js'
import type { InnerRequest } from '../request/job-request.js'
import { upstreamKey } from '../request/model-settings.js'
import type { FallbackRequest, UpstreamRequest } from '../request/upstream-request.js'

interface Executors {
  claude: Executor<ClaudeRequest>
  upstream: Executor<UpstreamRequest>
}

/** Hands a run of one model to the executor of its kind. */
export function oneModel({ claude, upstream }: Executors): Executor<ClaudeRequest | UpstreamRequest> {
  return {
    run(run) {
      const { request } = run
      const asked = request.kind === 'claude' ? request.model : upstreamKey(request.provider, request.model)
      // the price is that of what is asked here, whatever the job was asked for by
      const told = { ...run, spent: (charge: Charge) => run.spent?.({ ...charge, asked }) }
      return request.kind === 'claude' ? claude.run({ ...told, request }) : upstream.run({ ...told, request })
    },
  }
}

/** The same for a run that may have further models to fall back on. */
export function byKind(single: Executor<ClaudeRequest | UpstreamRequest>, fallbacks: Executor<FallbackRequest>): Executor<InnerRequest> {
  return {
    run(run) {
      const { request } = run
      return request.kind === 'fallbacks' ? fallbacks.run({ ...run, request }) : single.run({ ...run, request })
    },
  }
}
