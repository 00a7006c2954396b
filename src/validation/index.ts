/** What the rest of the house uses of the validators. */
export { ChildJobs, type Ask, type Budget, type ChildJob } from './child-jobs.js'
export { parseValidation } from './parse.js'
export { knownTypes } from './registry.js'
export { runChecks, type CheckOutcome } from './run.js'
export { openCheckThreads } from './thread/check-threads.js'
export type { AnswerToCheck } from './validator.js'
