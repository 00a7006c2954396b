/** How often a request may be answered before an answer has to pass, and who helps in between. As it is stored with the job. */

/** One check, as JSON. What its parameters mean is the validator's business alone. */
export interface Check {
  type: string
  /** what the request called the type, if that is an alias */
  alias?: string
  params: Record<string, unknown>
}

export interface AttemptPlan {
  /** every one of them has to pass; none: only calls that failed are made again */
  checks: Check[]
  maxAttempts: number
  /** seconds before the second attempt, and how the wait grows */
  initialDelayS: number
  backoffFactor: number
  maxDelayS: number
  /** part of the wait by which it is made longer or shorter at random, 0 to 1 */
  jitter: number
  /** from so many failed attempts on the tool is there; null: never */
  toolAfter: number | null
  /** after so many failed attempts a human decides; null: never */
  humanAfter: number | null
  /** its name, for the model, and what the request has beyond the first one's while it is there */
  tool: { name: string | null; request: Record<string, unknown> } | null
  /** what the user asked for, in words */
  originalPrompt: string
  /** as the caller wrote it: messages, or the question */
  originalRequest: unknown
}
