/** `/v1/responses`: OpenAI's Responses API, a view of the same jobs as chat completions and `/tasks`. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'
import { z } from 'zod'
import { BridgeError } from '../../../src/errors/catalogue.js'
import { blockCompletion } from '../../../src/http/block-completion.js'
import { jobHeaders } from '../../../src/http/job-headers.js'
import { readContext } from '../../../src/http/response-context.js'
import { echoOf, findResponse, readResponse, responseRun } from '../../../src/http/response-record.js'
import { streamResponse } from '../../../src/http/stream-response.js'
import { askingOf } from '../../../src/http/asking.js'
import { submitChat } from '../../../src/intake/submit.js'
import { bytesOfAnswer } from '../../../src/jobs/answer.js'
import type { Job } from '../../../src/jobs/job.js'
import { recordedEcho } from '../../../src/openai/responses/echo.js'
import { responseId } from '../../../src/openai/responses/ids.js'
import { pageOf, toInputItems } from '../../../src/openai/responses/input-items.js'
import { checkOwnFields, parseResponseRequest } from '../../../src/openai/responses/parse.js'
import { responseRequestSchema } from '../../../src/openai/responses/request.js'
import { deletedResponseSchema, inputItemListSchema, responseSchema } from '../../../src/openai/responses/response-schemas.js'
import { errorSchema } from '../../../src/openai/out/response-schemas.js'

const tags = ['responses']
const params = z.object({ id: z.string().max(200) })
/** What a query string can say for a whole number, and for yes or no. */
const whole = z
  .string()
  .regex(/^\d{1,12}$/, 'must be a whole number')
  .transform(Number)
const flag = z.enum(['true', 'false']).transform((value) => value === 'true')
/** More cannot be included than there is: known, and without effect. */
const include = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .describe('ignored')

const errors = { '4xx': errorSchema, '5xx': errorSchema }

const responseRoutes: FastifyPluginAsyncZod = async (app) => {
  const { jobs, timing } = app

  async function own(id: string, owner: string): Promise<Job> {
    const job = await findResponse(jobs, id, owner)
    if (job === null) throw notFound(id)
    return job
  }

  app.post(
    '',
    {
      config: { eventStream: 'The response; with `stream: true` its events' },
      schema: {
        summary: 'Create a response',
        description:
          'Blocks by default. `stream: true` streams events; `background: true` answers at once with the response, to be ' +
          'retrieved until it has ended.',
        tags,
        body: responseRequestSchema,
        response: { 200: responseSchema, ...errors },
      },
    },
    async (request, reply) => {
      const { body, owner } = request
      const config = app.settingsOf(owner)
      checkOwnFields(body)
      if (body.stream === true) app.streams.enter(owner, reply.raw)
      const parsed = await parseResponseRequest(body, {
        ...(await readContext(jobs, body, owner)),
        ...{ claudeModel: config.claudeModel, aliases: config.aliases, models: config.models, allowedModels: config.allowedModels },
        ...{ passSampling: config.passSampling, aliasModels: config.aliasModels },
      })
      const { echo, background } = parsed
      const { job } = await submitChat(askingOf(request, reply), jobs, config, parsed, background, { response: recordedEcho(echo) })
      if (body.stream === true) return streamResponse(reply, jobs, job, echo, { timing, resumable: background })
      if (!background) return blockCompletion(reply, jobs, job, timing, (ended) => readResponse(jobs, ended))
      jobHeaders(reply, job)
      return reply.send(await readResponse(jobs, job))
    },
  )

  app.get(
    '/:id',
    {
      config: { eventStream: 'The response; with `stream=true` its events' },
      schema: {
        summary: 'Retrieve a response',
        description: '`stream=true` tells its events from the first, or after `starting_after`, until it ends.',
        tags,
        params,
        querystring: z.object({
          stream: flag.optional(),
          starting_after: whole.optional().describe('number of the last event the reader has'),
          include_obfuscation: flag.optional().describe('ignored: events are never padded'),
          include,
        }),
        response: { 200: responseSchema, ...errors },
      },
    },
    async (request, reply) => {
      const job = await own(request.params.id, request.owner)
      const { stream, starting_after: after } = request.query
      if (stream === true) {
        app.streams.enter(request.owner, reply.raw)
        // its last event has all of it
        app.unsent.hold(request.owner, bytesOfAnswer(job.answer), reply.raw)
        return streamResponse(reply, jobs, job, await echoOf(jobs, job), { timing, resumable: true, after })
      }
      jobHeaders(reply, job)
      return reply.send(await readResponse(jobs, job))
    },
  )

  app.get(
    '/:id/input_items',
    {
      schema: {
        summary: 'List what a response was made from',
        tags,
        params,
        querystring: z.object({
          limit: whole.pipe(z.number().min(1).max(100)).default(20),
          order: z.enum(['asc', 'desc']).default('desc'),
          after: z.string().max(200).optional().describe('id of the last item of the page before'),
          include,
        }),
        response: { 200: inputItemListSchema, ...errors },
      },
    },
    async (request) => {
      const job = await own(request.params.id, request.owner)
      const run = await responseRun(jobs, job)
      if (run === null) throw notFound(job.id)
      const page = pageOf(toInputItems(job.id, run, run.response.instructions), request.query)
      if (page === null) throw new BridgeError('item_not_found', 'There is no such item to go on after.', { param: 'after' })
      return page
    },
  )

  app.post(
    '/:id/cancel',
    {
      schema: {
        summary: 'Cancel a response',
        tags,
        params,
        response: { 200: responseSchema, ...errors },
      },
    },
    async (request, reply) => {
      const { id } = await own(request.params.id, request.owner)
      await jobs.cancel(id)
      const job = await own(request.params.id, request.owner)
      jobHeaders(reply, job)
      return reply.send(await readResponse(jobs, job))
    },
  )

  app.delete(
    '/:id',
    {
      schema: {
        summary: 'Cancel and forget a response',
        tags,
        params,
        response: { 200: deletedResponseSchema, ...errors },
      },
    },
    async (request) => {
      const { id } = await own(request.params.id, request.owner)
      await jobs.delete(id)
      return { id: responseId(id), object: 'response' as const, deleted: true }
    },
  )
}

function notFound(id: string): BridgeError {
  return new BridgeError('response_not_found', `Response with id '${id.slice(0, 80)}' not found.`)
}

export default responseRoutes
