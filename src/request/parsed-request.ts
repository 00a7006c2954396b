/** What a client's request comes to, whatever its wire: what is to be run, and how the answer is wanted. */
import type { ClaudeRequest } from './conversation.js'
import type { RemoteImage } from './images.js'
import type { Lane } from './lane.js'
import type { PendingSource } from './pending-source.js'
import type { AttemptPlan } from './plan.js'

export interface ParsedRequest<Run = ClaudeRequest> {
  run: Run
  /** images in `run` that have to be fetched before it is whole */
  remoteImages: RemoteImage[]
  /** schemas and patterns that have to compile before the request can be taken */
  pending: PendingSource[]
  /** the model's name as it was written */
  model: string
  /** How the body wants the answer; a `Prefer` header may turn `block` into `poll`. */
  delivery: 'stream' | 'block' | 'poll'
  /** Whether the job outlives the connection. */
  background: boolean
  includeUsage: boolean
  n: number
  metadata: Record<string, string>
  store: boolean
  /** seconds that the record is kept; left out: as `store` and the server say */
  keptS?: number
  /** members that have no effect, each once */
  ignored: string[]
  user?: string
  /** calls are told in OpenAI's former way, as `function_call` */
  formerCalls?: true
  /** the answer says which tier it had */
  tellTier?: true
  /** not looked into here */
  webhookUrl?: string
  /** how answers are checked and made again */
  plan?: AttemptPlan
  /** seconds, as asked for; the server's limit may be less */
  timeoutS?: number
  /** US dollars */
  maxCostUsd?: number
  /** seconds, a model's own limit in place of the server's */
  limitS?: number
  /** the model's answer is polled, where neither body nor headers say how it is wanted */
  pollByDefault?: true
  /** whose slots the job takes; left out: `process` */
  lane?: Lane
}
