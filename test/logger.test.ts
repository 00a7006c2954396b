import fastify from 'fastify'
import t from 'tap'
import { createLogger } from '../src/logger.js'

function logged(level: 'info' | 'warn') {
  const lines: string[] = []
  return { lines, logger: createLogger(level, { write: (line) => void lines.push(line) }) }
}

await t.test('lines of JSON, from its level on', async (t) => {
  const { lines, logger } = logged('warn')
  logger.info('too little')
  logger.warn({ err: new Error('broken') }, 'enough')
  t.equal(lines.length, 1)
  t.match(JSON.parse(lines[0]!), { level: 40, msg: 'enough', err: { type: 'Error', message: 'broken', stack: /broken/ } })
})

await t.test('no token of a job, wherever it comes from', async (t) => {
  const { lines, logger } = logged('info')
  const token = `job_${'Az09-_'.repeat(7)}x`
  logger.info({ err: new Error(`refused ${token}`), deep: { said: `Bearer ${token}"` } }, `it said ${token}.`)
  t.match(JSON.parse(lines[0]!), { err: { message: 'refused job_…' }, deep: { said: 'Bearer job_…"' }, msg: 'it said job_….' })
  t.notMatch(lines.join(''), /job_A/)
})

await t.test('in a server: a request is logged without its headers', async (t) => {
  const { lines, logger } = logged('info')
  const app = fastify({ loggerInstance: logger })
  await app.inject({ url: '/nowhere', headers: { authorization: 'Bearer secret-of-a-client' } })
  const request = lines.map((line) => JSON.parse(line) as { req?: unknown }).find(({ req }) => req !== undefined)
  t.match(request, { req: { method: 'GET', url: '/nowhere' } })
  t.notMatch(lines.join(''), /secret-of-a-client|headers/)
  await app.close()
})
