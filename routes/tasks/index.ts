/** `/tasks`: the job records. A key sees its own only. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'
import { z } from 'zod'
import { BridgeError } from '../../src/errors/catalogue.js'
import { clientGone } from '../../src/http/client-gone.js'
import { sendList } from '../../src/http/send-list.js'
import { sendTask } from '../../src/http/send-task.js'
import { streamEvents } from '../../src/http/stream-events.js'
import { parseChatAgain } from '../../src/http/chat-again.js'
import { parseChatBody } from '../../src/http/chat-body.js'
import { askingOf, takeText } from '../../src/http/asking.js'
import { submitChat } from '../../src/intake/submit.js'
import type { Job } from '../../src/jobs/job.js'
import { isFinal, statuses } from '../../src/jobs/status.js'
import { unlessUnreadable } from '../../src/jobs/unreadable.js'
import { chatRequestSchema } from '../../src/openai/in/chat-request.js'
import { errorSchema, taskListSchema, taskSchema } from '../../src/openai/out/response-schemas.js'
import { toTaskList } from '../../src/tasks/task.js'

const tags = ['tasks']
const params = z.object({ id: z.string().max(200) })
/** What a query string can say for a whole number. */
const whole = (maximum: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().max(maximum))

/** Longest wait of one poll, in seconds: common proxies give up after a minute. */
const longestPollS = 60

const deletedTaskSchema = z.object({ id: z.string(), object: z.literal('task.deleted'), deleted: z.boolean() })

const taskRoutes: FastifyPluginAsyncZod = async (app) => {
  const { jobs, timing } = app

  async function own(id: string, owner: string): Promise<Job> {
    const job = await jobs.get(id, owner)
    if (job === null) throw new BridgeError('task_not_found', `There is no task \`${id.slice(0, 80)}\`.`)
    return job
  }

  app.post(
    '',
    {
      schema: {
        summary: 'Start a task',
        description: 'Takes the body of a chat completion and runs it in the background.',
        tags,
        body: chatRequestSchema,
        response: { 202: taskSchema, '4xx': errorSchema, '5xx': errorSchema },
      },
    },
    async (request, reply) => {
      const config = app.settingsOf(request.owner)
      const { body, owner } = request
      const parsed = await parseChatBody(body, { jobs, owner, options: config, text: takeText(request) })
      const { job } = await submitChat(askingOf(request, reply), jobs, config, parsed, true)
      return sendTask(reply, jobs, job, true)
    },
  )

  app.get(
    '',
    {
      schema: {
        summary: 'List tasks',
        tags,
        querystring: z.object({
          status: z.enum(statuses).optional(),
          model: z.string().max(200).optional(),
          limit: whole(100).pipe(z.number().min(1)).default(20),
          after: z.string().max(200).optional().describe('id of the last task of the page before'),
          order: z.enum(['asc', 'desc']).default('desc'),
        }),
        response: { 200: taskListSchema, '4xx': errorSchema },
      },
    },
    async (request, reply) => {
      const { status, model, limit, after, order } = request.query
      const page = await jobs.list({
        owner: request.owner,
        limit,
        order,
        ...(status === undefined ? {} : { status }),
        ...(model === undefined ? {} : { model }),
        ...(after === undefined ? {} : { after }),
      })
      return sendList(reply, toTaskList(page, await jobs.progressOf(page.jobs)))
    },
  )

  app.get(
    '/:id',
    {
      schema: {
        summary: 'Read a task',
        tags,
        params,
        querystring: z.object({ wait: whole(1_000_000).optional().describe('seconds to wait for its end, at most 60') }),
        response: { 200: taskSchema, '4xx': errorSchema },
      },
    },
    async (request, reply) => {
      const job = await own(request.params.id, request.owner)
      const { wait } = request.query
      // what the task waits for may be the place of the job that asks
      const inVain = request.parentJob !== null && jobs.waitsForPlace(job)
      if (wait === undefined || inVain || isFinal(job.status)) return sendTask(reply, jobs, job)
      const later = await jobs.wait(job.id, clientGone(reply), Math.min(wait, longestPollS) * 1000)
      return sendTask(reply, jobs, later ?? job)
    },
  )

  app.get(
    '/:id/events',
    {
      config: { eventStream: 'One event a frame: `id` is its number, `event` its type, `data` its JSON' },
      schema: {
        summary: 'Follow a task',
        description:
          'Server-sent events: every event of the task from the first, or after `Last-Event-ID` or `starting_after`, until it ends.',
        tags,
        params,
        querystring: z.object({ starting_after: whole(Number.MAX_SAFE_INTEGER).optional() }),
        response: { '4xx': errorSchema },
      },
    },
    async (request, reply) => {
      const job = await own(request.params.id, request.owner)
      app.streams.enter(request.owner, reply.raw)
      return streamEvents(reply, jobs, job, request.headers['last-event-id'], request.query.starting_after, timing)
    },
  )

  app.post(
    '/:id/cancel',
    { schema: { summary: 'Cancel a task', tags, params, response: { 200: taskSchema, '4xx': errorSchema } } },
    async (request, reply) => {
      const job = await own(request.params.id, request.owner)
      await jobs.cancel(job.id)
      return sendTask(reply, jobs, await own(job.id, request.owner))
    },
  )

  app.post(
    '/:id/retry',
    {
      schema: {
        summary: 'Run a task again',
        description:
          'A new task with the request of one that has ended, for the same key: what the server and the key allow now holds for it. ' +
          '`retry_of` names the old one, which stays as it is.',
        tags,
        params,
        response: { 202: taskSchema, '4xx': errorSchema, '5xx': errorSchema },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const old = await own(id, request.owner)
      const config = app.settingsOf(request.owner)
      const parsed = await parseChatAgain(old, jobs, config)
      // what an idempotency key stands for: there is no body
      const asking = { ...askingOf(request, reply), body: { retry: id } }
      const { job } = await submitChat(asking, jobs, config, parsed, true, { retryOf: id })
      return sendTask(reply, jobs, job, true)
    },
  )

  app.post(
    '/:id/review',
    {
      schema: {
        summary: 'Decide about a task that waits for a human',
        description: '`approve`: its last response stands; `reject`: the task fails; `retry`: more attempts, with the feedback.',
        tags,
        params,
        body: z.object({ decision: z.enum(['approve', 'reject', 'retry']), feedback: z.string().max(100_000).nullish() }),
        response: { 200: taskSchema, '4xx': errorSchema },
      },
    },
    async (request, reply) => {
      const job = await own(request.params.id, request.owner)
      await jobs.review(job.id, request.body.decision, request.body.feedback ?? undefined)
      return sendTask(reply, jobs, await own(job.id, request.owner))
    },
  )

  app.delete(
    '/:id',
    {
      schema: {
        summary: 'Cancel and forget a task',
        tags,
        params,
        response: { 200: deletedTaskSchema, '4xx': errorSchema },
      },
    },
    async (request) => {
      const { id } = request.params
      // a record that cannot be read can be forgotten all the same
      await own(id, request.owner).catch(unlessUnreadable(null))
      await jobs.delete(id)
      return { id, object: 'task.deleted' as const, deleted: true }
    },
  )
}

export default taskRoutes
