import type { Job } from '../jobs/job.js'
import type { Webhook } from '../jobs/webhooks.js'
import { toTask } from '../tasks/task.js'

/** Receivers and the proxies before them take bodies of about this size, in characters. */
const maxLength = 1024 * 1024

/** What is sent: which task, what has become of it, and the task as `GET /tasks/:id` gives it, without a result that is too long. */
export function payloadOf(webhook: Webhook, job: Job): string {
  const data = toTask(job)
  const event = { type: `task.${webhook.status}`, timestamp: new Date(webhook.at).toISOString() }
  const body = JSON.stringify({ ...event, data })
  return body.length <= maxLength ? body : JSON.stringify({ ...event, data: { ...data, result: null, result_omitted: true } })
}
