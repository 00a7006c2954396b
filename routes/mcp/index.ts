/** `/mcp`: the bridge itself as an MCP server (Streamable HTTP). What it offers is in `mcp/server/`. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'
import { z } from 'zod'
import { type Cancellation, RunningCalls } from '../../mcp/server/calls.js'
import { depthHeader } from '../../src/intake/depth.js'
import { answerPost, readSession, sessionHeader } from '../../mcp/server/http.js'
import { BridgeError } from '../../src/errors/catalogue.js'
import { askingOf } from '../../src/http/asking.js'
import { clientGone } from '../../src/http/client-gone.js'
import { errorSchema } from '../../src/openai/out/response-schemas.js'

const tags = ['mcp']
/** the channel on which servers tell each other of calls that are cancelled */
const cancelled = 'mcp-cancelled'
const message = z.looseObject({ jsonrpc: z.literal('2.0') })

const mcpRoutes: FastifyPluginAsyncZod = async (app) => {
  const { jobs, timing } = app
  const calls = new RunningCalls((cancellation) => {
    app.replicas
      ?.say(cancelled, JSON.stringify(cancellation))
      .catch((error: unknown) => app.log.error({ err: error }, 'a call was not cancelled'))
  })
  app.replicas?.hear(cancelled, (message) => calls.cancelHere(JSON.parse(message) as Cancellation))

  app.post(
    '',
    {
      config: { eventStream: 'The response and the notifications before it, for clients that accept a stream' },
      schema: {
        summary: 'Call the bridge as an MCP server',
        description: 'A message of the Model Context Protocol, over its Streamable HTTP transport.',
        tags,
        body: z.union([message, z.array(message).min(1)]),
        response: { 200: message, 202: z.null(), '4xx': errorSchema },
      },
    },
    async (request, reply) => {
      const { headers, owner } = request
      const { parent, requestId, trace, spentMs } = askingOf(request, reply)
      app.streams.enter(owner, reply.raw)
      const response = await answerPost({
        ...{ jobs, config: app.settingsOf(owner), publicAgent: app.publicAgent, compiler: app.compiler, calls, body: request.body },
        caller: { owner, parent, requestId, trace, spentMs, depth: headers[depthHeader] },
        session: readSession(headers[sessionHeader]),
        accept: headers.accept,
        protocolVersion: headers['mcp-protocol-version']?.toString(),
        keepAliveMs: timing.commentEveryMs,
        signOfLifeMs: timing.signOfLifeMs,
        gone: clientGone(reply),
        onTrouble: (error) => request.log.error({ err: error }, 'a call of a tool failed'),
      })
      return reply.send(response as never)
    },
  )

  app.get('', { schema: { summary: 'No stream of its own', tags, response: { 405: errorSchema } } }, async (_request, reply) => {
    reply.header('allow', 'POST, DELETE')
    throw new BridgeError('method_not_allowed', 'This server has nothing to say unasked: POST messages to it.')
  })

  app.delete(
    '',
    { schema: { summary: 'End a session', description: 'Cancels its calls.', tags, response: { 204: z.null(), '4xx': errorSchema } } },
    async (request, reply) => {
      const session = readSession(request.headers[sessionHeader])
      if (session !== null) calls.cancel(request.owner, session)
      return reply.code(204).send(null)
    },
  )
}

export default mcpRoutes
