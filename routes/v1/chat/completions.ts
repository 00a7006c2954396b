/** `POST /v1/chat/completions`: one request is one job, taken as a stream, awaited, or as a task to poll. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'
import { answer, blockCompletion } from '../../../src/http/block-completion.js'
import { parsePrefer, preferenceApplied } from '../../../src/http/prefer.js'
import { sendTask } from '../../../src/http/send-task.js'
import { streamCompletion } from '../../../src/http/stream-completion.js'
import { parseChatBody } from '../../../src/http/chat-body.js'
import { askingOf, takeText } from '../../../src/http/asking.js'
import { submitChat } from '../../../src/intake/submit.js'
import { isFinal } from '../../../src/jobs/status.js'
import { chatRequestSchema } from '../../../src/openai/in/chat-request.js'
import { completionSchema, errorSchema, taskSchema } from '../../../src/openai/out/response-schemas.js'
import { clientGone } from '../../../src/http/client-gone.js'

const chatRoutes: FastifyPluginAsyncZod = async (app) => {
  app.post(
    '/completions',
    {
      config: { eventStream: 'The completion; with `stream: true` its chunks as events, `[DONE]` the last of them' },
      schema: {
        summary: 'Create a chat completion',
        description:
          'Blocks by default. `stream: true` streams chunks; `Prefer: respond-async`, `background: true` or ' +
          '`wait_for_completion: false` answer 202 with a task to poll.',
        tags: ['chat'],
        body: chatRequestSchema,
        response: {
          200: completionSchema,
          202: taskSchema,
          '4xx': errorSchema,
          '5xx': errorSchema,
        },
      },
    },
    async (request, reply) => {
      const { answerCache, jobs, timing } = app
      const config = app.settingsOf(request.owner)
      const { body, owner } = request
      const parsed = await parseChatBody(body, { jobs, owner, options: config, text: takeText(request) })
      if (parsed.delivery === 'stream') app.streams.enter(request.owner, reply.raw)
      const prefer = parsePrefer(request.headers.prefer)
      const poll = parsed.delivery === 'poll' || (parsed.pollByDefault === true && request.headers.prefer === undefined)
      const background = parsed.background || poll || prefer.respondAsync
      // a call whose client waits comes of a job of its own
      const key = background || parsed.webhookUrl !== undefined ? null : await answerCache.keyOf(request)
      const submit = async () => (await submitChat(askingOf(request, reply), jobs, config, parsed, background)).job
      const { job, hit } = key === null ? { job: await submit() } : await answerCache.take(key, request.owner, jobs, submit)
      if (hit !== undefined) reply.header('x-bridge-cache', hit ? 'hit' : 'miss')

      if (parsed.delivery === 'stream') {
        return streamCompletion(reply, jobs, job, { includeUsage: parsed.includeUsage, timing })
      }
      if (!poll && !prefer.respondAsync) return blockCompletion(reply, jobs, job, timing)

      const applied = preferenceApplied(prefer)
      if (applied !== null) reply.header('preference-applied', applied)
      if (prefer.waitS !== null) {
        const now = await jobs.wait(job.id, clientGone(reply), prefer.waitS * 1000)
        if (now !== null && isFinal(now.status)) return answer(reply, now)
      }
      return sendTask(reply, jobs, job, true)
    },
  )
}

export default chatRoutes
