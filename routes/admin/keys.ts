/** `/admin/keys`: keys made, listed, changed, rotated and revoked while the server runs. The operator's. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'
import { z } from 'zod'
import { BridgeError } from '../../src/errors/catalogue.js'
import {
  deletedKeySchema,
  issuedKeySchema,
  keyChangeSchema,
  keyListSchema,
  keySchema,
  newKeySchema,
  rotationSchema,
  toIssuedKey,
  toKeyChange,
  toKeyList,
  toKeyObject,
  toNewKey,
} from '../../src/keys/bodies.js'
import { errorSchema } from '../../src/openai/out/response-schemas.js'

const config = { admin: 'only' } as const
const tags = ['admin']
const params = z.object({ id: z.string().max(200) })
const errors = { '4xx': errorSchema, '5xx': errorSchema }

const keyRoutes: FastifyPluginAsyncZod = async (app) => {
  const { keyAdmin, keyRing } = app

  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })

  app.post(
    '/keys',
    {
      config,
      schema: {
        summary: 'Make a key',
        description: 'The answer has the key, and no later one does.',
        tags,
        body: newKeySchema,
        response: { 201: issuedKeySchema, ...errors },
      },
    },
    async (request, reply) => {
      const issued = await keyAdmin.make(toNewKey(request.body))
      request.log.info({ key: issued.key.id, name: issued.key.name }, 'a key was made')
      return reply.code(201).send(toIssuedKey(issued.key, issued.secret))
    },
  )

  app.get(
    '/keys',
    {
      config,
      schema: {
        summary: 'List keys',
        description: 'Those that were revoked as well.',
        tags,
        querystring: z.object({
          limit: z
            .string()
            .regex(/^\d{1,4}$/, 'must be a whole number')
            .transform(Number)
            .pipe(z.number().min(1).max(100))
            .default(20),
          after: z.string().max(200).optional().describe('id of the last key of the page before'),
          order: z.enum(['asc', 'desc']).default('desc'),
        }),
        response: { 200: keyListSchema, ...errors },
      },
    },
    async ({ query }) => {
      const page = toKeyList(keyRing.all, query)
      if (page !== null) return page
      throw new BridgeError('invalid_value', `There is no key '${query.after?.slice(0, 80)}' to list after.`, { param: 'after' })
    },
  )

  app.get(
    '/keys/:id',
    { config, schema: { summary: 'Read a key', tags, params, response: { 200: keySchema, ...errors } } },
    async (request) => toKeyObject(keyAdmin.known(request.params.id)),
  )

  app.patch(
    '/keys/:id',
    {
      config,
      schema: {
        summary: 'Change a key',
        description: 'What is left out stays; null is no limit. Holds from the next request on.',
        tags,
        params,
        body: keyChangeSchema,
        response: { 200: keySchema, ...errors },
      },
    },
    async (request) => {
      const key = await keyAdmin.change(request.params.id, toKeyChange(request.body))
      request.log.info({ key: key.id, name: key.name }, 'a key was changed')
      return toKeyObject(key)
    },
  )

  app.post(
    '/keys/:id/rotate',
    {
      config,
      schema: {
        summary: 'Replace the key of an id',
        description: 'The answer has the new key. The old one is taken for `grace_s` more seconds; one that was replaced before is not.',
        tags,
        params,
        body: rotationSchema,
        response: { 201: issuedKeySchema, ...errors },
      },
    },
    async (request, reply) => {
      const issued = await keyAdmin.rotate(request.params.id, request.body?.grace_s ?? 0)
      request.log.info({ key: issued.key.id, name: issued.key.name }, 'a key was rotated')
      return reply.code(201).send(toIssuedKey(issued.key, issued.secret))
    },
  )

  app.delete(
    '/keys/:id',
    {
      config,
      schema: {
        summary: 'Revoke a key',
        description:
          'Its next request is refused, its jobs are cancelled, and no process goes on with its conversations. The id stays taken.',
        tags,
        params,
        response: { 200: deletedKeySchema, ...errors },
      },
    },
    async (request) => {
      const { id } = request.params
      await keyAdmin.revoke(id)
      request.log.info({ key: id }, 'a key was revoked')
      return { id, object: 'key.deleted' as const, deleted: true }
    },
  )
}

export default keyRoutes
