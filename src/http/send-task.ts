import type { FastifyReply } from 'fastify'
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import { isFinal } from '../jobs/status.js'
import { toTask } from '../tasks/task.js'
import { jobHeaders } from './job-headers.js'

/** Seconds after which an unfinished task is worth another look. */
const pollAgainS = '1'

/** Answers with the task. `accepted`: the 202 that begins polling (RFC 9110 section 15.3.3), with where to look. */
export async function sendTask(reply: FastifyReply, jobs: Jobs, job: Job, accepted = false): Promise<FastifyReply> {
  jobHeaders(reply, job)
  if (!isFinal(job.status)) reply.header('retry-after', pollAgainS)
  if (accepted) reply.code(202).header('location', `/tasks/${job.id}`)
  const progress = await jobs.progressOf([job])
  return reply.send(toTask(job, progress(job.id)))
}
