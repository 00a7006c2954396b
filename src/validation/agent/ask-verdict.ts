import type { ChildJob } from '../child-jobs.js'
import { ValidatorFailed } from '../validator-failed.js'
import type { CheckContext } from '../validator.js'
import { readVerdict, validatorSystem, type Verdict } from './verdict.js'

/**
 * The verdict of a child job.
 * @throws ValidatorFailed if there are no child jobs, the child fails, or what it gives is no verdict
 */
export async function askVerdict(context: CheckContext, child: Omit<ChildJob, 'budget' | 'system'>): Promise<Verdict> {
  if (context.childJobs === undefined) {
    throw new ValidatorFailed({ code: 'invalid_request', message: 'Validators cannot start child jobs here.' })
  }
  return readVerdict(await context.childJobs.ask({ system: validatorSystem, ...child }))
}
