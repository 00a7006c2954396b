/** What the wire needs to read a request's checks. Nothing else of this folder is for it. */
export { childTools } from './agent/tools.js'
export { type PlanFields, retryConfigSchema, thresholdSchema, toPlan } from './plan-of-request.js'
export { asksModel } from './plan.js'
