/** `GET /usage`: what keys have used. A key sees its own; the operator's key sees that of all. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'
import { z } from 'zod'
import { errorSchema } from '../src/openai/out/response-schemas.js'
import { readGroups, toUsageList, usageListSchema, usageText } from '../src/spending/usage-list.js'

/** Lines of one answer. */
const mostLines = 10_000
const thirtyDaysS = 30 * 24 * 3600

const seconds = z
  .string()
  .regex(/^\d{1,12}$/, 'must be a time in seconds since 1970')
  .transform(Number)

const usageRoute: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/usage',
    {
      config: { admin: 'too' },
      schema: {
        summary: 'Usage',
        description:
          'Requests, failures, tokens and their cost by key, model, day or hour, from a table that outlives the tasks. A key sees its own; ' +
          'ADMIN_KEY sees that of all keys. Times are UTC; hours are told whole.',
        tags: ['usage'],
        querystring: z.object({
          group_by: z.string().max(100).default('key,model,day').describe('of `key`, `model`, `day`, `hour`'),
          from: seconds.optional().describe('seconds since 1970; 30 days before `to` where it is left out'),
          to: seconds.optional().describe('now where it is left out'),
          format: z.enum(['json', 'csv']).default('json'),
        }),
        response: { 200: usageListSchema, '4xx': errorSchema },
      },
    },
    async (request, reply) => {
      const { query, owner, admin } = request
      const groups = readGroups(query.group_by)
      const to = query.to ?? Math.floor(Date.now() / 1000) + 1
      const from = query.from ?? Math.max(0, to - thirtyDaysS)
      const asked = { from, to, by: groups, limit: mostLines + 1, ...(admin ? {} : { owner }) }
      const sums = await app.jobs.usage(asked)
      const list = toUsageList(sums.slice(0, mostLines), groups, {
        hasMore: sums.length > mostLines,
        hasPrice: (model) => app.prices.covers(model),
      })
      if (query.format === 'json') return list
      return reply
        .header('content-disposition', 'attachment; filename="usage.csv"')
        .type('text/csv; charset=utf-8')
        .send(usageText(list) as never)
    },
  )
}

export default usageRoute
