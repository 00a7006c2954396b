import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Job } from '../jobs/job.js'
import { ignoredOf } from '../jobs/ignored-of.js'
import { told } from './rate-headers.js'
import { ignoredHeader } from '../request/ignored.js'

/** What every answer of a job says in its headers, so that a client can turn to the task at any time. */
export function jobHeaders(reply: FastifyReply, job: Job): void {
  reply.header('x-bridge-task-id', job.id)
  const ignored = ignoredHeader(ignoredOf(job))
  if (ignored !== null) reply.header('x-bridge-ignored', ignored)
  if (job.answer?.model != null) reply.header('x-bridge-model', job.answer.model)
  if (job.answer?.headers !== undefined) reply.headers(told(reply.getHeaders() as OutgoingHttpHeaders, job.answer.headers))
  if (job.completedAt !== null) reply.header('openai-processing-ms', String(job.completedAt - job.createdAt))
}
