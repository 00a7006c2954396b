/** What the rest of the house uses of the validators. */
export { ChildJobs, type Ask, type Budget, type ChildAnswer, type ChildJob, type ChildTools } from './child-jobs.js'
export { parseValidation, type Check } from './parse.js'
export { knownTypes } from './registry.js'
export { runChecks, type CheckOutcome, type CheckReport, type RunContext } from './run.js'
export { CheckThreads, type ThreadLimits } from './thread/check-threads.js'
export type { AnswerToCheck, CheckContext, CheckError } from './validator.js'
