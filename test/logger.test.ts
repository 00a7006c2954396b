import fastify from 'fastify'
import t from 'tap'
import { createLogger } from '../src/logger.js'

function logged(level: 'info' | 'warn' | 'error') {
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

await t.test('headers are blanked wherever a line has them', async (t) => {
  const { lines, logger } = logged('info')
  const names = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key', 'api-key', 'idempotency-key']
  const headers = Object.fromEntries(names.map((name) => [name, 'secret-of-a-client']))
  const plain = { ...headers, accept: 'text/html' }
  logger.info(plain, 'alone')
  logger.info({ headers: plain }, 'in an object')
  for (const of of ['request', 'response', 'res']) logger.info({ [of]: { headers: plain } }, 'one deeper')
  logger.child({ headers: plain }).info('in a child')
  t.equal(lines.length, 6)
  for (const line of lines) {
    t.notMatch(line, /secret-of-a-client/)
    t.match(line, /redacted.*text\/html/)
  }
})

await t.test('an error: its own words, stack and causes, and nothing that it carries or quotes', async (t) => {
  const { lines, logger } = logged('error')
  let parsing: unknown
  try {
    JSON.parse('words of an answer')
  } catch (error) {
    parsing = error
  }
  const carrying = Object.assign(new Error('it failed at /v1/models?key=secret with Bearer secret', { cause: parsing }), {
    ...{ code: 'E_FAILED', body: 'words of an answer', headers: { authorization: 'secret' } },
  })
  logger.fatal({ err: carrying }, 'fatal')
  t.equal(lines.length, 1, 'visible at `error`')
  t.match(JSON.parse(lines[0]!), {
    level: 60,
    err: {
      type: 'Error',
      message: /^it failed at/,
      code: 'E_FAILED',
      stack: /logger\.test/,
      cause: { type: 'SyntaxError', message: /not valid JSON/ },
    },
  })
  t.notMatch(lines[0], /words of|answer|secret/)
  logger.error({ err: 'no error at all' })
  t.match(JSON.parse(lines[1]!), { err: { message: 'no error at all' } })
})
