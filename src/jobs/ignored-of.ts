/** The fields of a request that have no effect: what the request itself showed, and what its run has found. */
import type { Job } from './job.js'

type Parts = Pick<Job, 'view' | 'answer'>

export function ignoredOf({ view, answer }: Parts): string[] {
  return answer?.ignored === undefined ? view.ignored : [...new Set([...view.ignored, ...answer.ignored])]
}

/** The job as it will be shown, while its run goes on. */
export function alsoIgnored(job: Job, names: readonly string[]): Job {
  return { ...job, view: { ...job.view, ignored: [...new Set([...job.view.ignored, ...names])] } }
}
