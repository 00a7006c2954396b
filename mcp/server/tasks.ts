/** The tools that start, read, cancel and list tasks: `/tasks` for MCP clients. An owner's own tasks only. */
import { z } from 'zod'
import { BridgeError } from '../../src/errors/catalogue.js'
import type { Job } from '../../src/jobs/job.js'
import { isFinal, statuses } from '../../src/jobs/status.js'
import { type Task, taskListSchema, taskSchema } from '../../src/openai/out/response-schemas.js'
import { toTask, toTaskList } from '../../src/tasks/task.js'
import { chatArguments, submitArguments } from './chat-arguments.js'
import { waitAndTell } from './progress.js'
import { defineTool, type ToolContext } from './tool.js'

/** Seconds; the call is kept alive meanwhile, so it may be longer than a poll over HTTP. */
const longestWaitS = 600

const taskId = z.string().max(200).describe('as `start_task` or `list_tasks` gave it')

async function own(id: string, { jobs, caller }: ToolContext): Promise<Job> {
  const job = await jobs.get(id, caller.owner)
  if (job === null) throw new BridgeError('task_not_found', `There is no task \`${id.slice(0, 80)}\`.`)
  return job
}

export const startTask = defineTool({
  name: 'start_task',
  title: 'Start a task',
  description: 'Starts the work of `ask` in the background and answers at once with the task, to be read with `get_task`.',
  input: chatArguments,
  output: taskSchema,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  async run(args, context) {
    const job = await submitArguments(args, context, true)
    return { data: toTask(job, (await context.jobs.progressOf([job]))(job.id)) }
  },
})

export const getTask = defineTool({
  name: 'get_task',
  title: 'Read a task',
  description: 'Reads a task: its status, its progress, and its result or error once it has ended. Can wait for its end.',
  input: z.looseObject({
    task_id: taskId,
    wait: z.number().min(0).max(longestWaitS).nullish().describe(`seconds to wait for its end, at most ${longestWaitS}`),
  }),
  output: taskSchema,
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run({ task_id: id, wait }, context) {
    const { jobs, caller } = context
    let job = await own(id, context)
    // what the task waits for may be the place of the job that asks
    const inVain = caller.parent !== null && jobs.waitsForPlace(job)
    if (wait && !isFinal(job.status) && !inVain) job = (await waitAndTell(id, context, wait * 1000)) ?? job
    return { data: toTask(job, (await jobs.progressOf([job]))(id)) }
  },
})

export const cancelTask = defineTool({
  name: 'cancel_task',
  title: 'Cancel a task',
  description: 'Stops a task that waits or works. One that has ended stays as it is.',
  input: z.looseObject({ task_id: taskId }),
  output: taskSchema,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ task_id: id }, context) {
    await own(id, context)
    await context.jobs.cancel(id)
    return { data: toTask(await own(id, context)) }
  },
})

export const listTasks = defineTool({
  name: 'list_tasks',
  title: 'List tasks',
  description: 'Lists tasks, the newest first, without their results.',
  input: z.looseObject({
    status: z.enum(statuses).nullish(),
    limit: z.int().min(1).max(100).nullish().describe('default 20'),
    after: z.string().max(200).nullish().describe('id of the last task of the page before'),
  }),
  // a page of answers would fill the context of the model that reads it
  output: taskListSchema.extend({ data: z.array(taskSchema.omit({ result: true, review: true })) }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run({ status, limit, after }, { jobs, caller }) {
    const page = await jobs.list({
      owner: caller.owner,
      limit: limit ?? 20,
      order: 'desc',
      ...(status == null ? {} : { status }),
      ...(after == null ? {} : { after }),
    })
    const list = toTaskList(page, await jobs.progressOf(page.jobs))
    return { data: { ...list, data: list.data.map(withoutAnswers) } }
  },
})

function withoutAnswers(task: Task): Omit<Task, 'result' | 'review'> {
  const listed: Omit<Task, 'result' | 'review'> & { result?: unknown; review?: unknown } = { ...task }
  delete listed.result
  delete listed.review
  return listed
}
