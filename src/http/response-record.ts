/** Reads what a view of a job as a response needs beyond its record. */
import { BridgeError } from '../errors/catalogue.js'
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import { isFinal } from '../jobs/status.js'
import { type ResponseEcho, responseOf } from '../openai/responses/echo.js'
import { taskIdOfResponse } from '../openai/responses/ids.js'
import { createOutput } from '../openai/responses/output.js'
import { type ResponseRun, responseRunOf } from '../openai/responses/parse.js'
import { toResponse } from '../openai/responses/response.js'
import type { OutputItem, ResponseObject } from '../openai/responses/response-schemas.js'

/** The job of a response that was stored for `owner`; null for every other id. */
export async function findResponse(jobs: Jobs, id: string, owner: string): Promise<Job | null> {
  const taskId = taskIdOfResponse(id)
  const job = taskId === null ? null : await jobs.get(taskId, owner)
  return job !== null && responseOf(job.view)?.store === true ? job : null
}

/** What the response repeats of its request. */
export async function echoOf(jobs: Jobs, job: Job): Promise<ResponseEcho> {
  const echo = responseOf(job.view)?.echo
  if (echo !== undefined) return echo
  const run = await responseRun(jobs, job)
  if (run === null) throw new BridgeError('response_not_found', 'The response was deleted meanwhile.')
  return run.response
}

/** What was asked of the model; null where the record is gone. */
export async function responseRun(jobs: Jobs, { id, owner }: Job): Promise<ResponseRun | null> {
  const request = await jobs.request(id, owner)
  return request === null ? null : responseRunOf(request)
}

/** The items that a job has answered with; none for a job that has not ended. */
export async function outputOf(jobs: Jobs, job: Job): Promise<OutputItem[]> {
  if (!isFinal(job.status)) return []
  const output = createOutput(job.id)
  const { signal } = new AbortController()
  for await (const batch of jobs.read(job.id, { after: 0, durable: false, signal })) {
    for (const { event } of batch) output.event(event)
  }
  return output.items()
}

export async function readResponse(jobs: Jobs, job: Job): Promise<ResponseObject> {
  return toResponse(job, await echoOf(jobs, job), await outputOf(jobs, job))
}
