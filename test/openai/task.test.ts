/** A job -> a task, a list of them, an error; and the schemas all answers are declared by. */
import t from 'tap'
import { z } from 'zod'
import { catalogue, type ErrorCode } from '../../src/errors/catalogue.js'
import type { Progress } from '../../src/jobs/progress.js'
import { statuses } from '../../src/jobs/status.js'
import { toCompletion } from '../../src/openai/out/completion.js'
import { errorBody } from '../../src/openai/out/error-body.js'
import { listModels } from '../../src/openai/out/models.js'
import * as responses from '../../src/openai/out/response-schemas.js'
import { toTask, toTaskList } from '../../src/tasks/task.js'
import { finish, jobOf, say, spent } from './jobs.js'

const done = jobOf([say('a'), spent(), finish()], { view: { ignored: ['seed'], user: 'u' }, metadata: { k: 'v' } })
const running = jobOf([], { status: 'in_progress', answer: null, completedAt: null, expiresAt: null })
const failed = jobOf([say('a'), finish()], {
  status: 'failed',
  error: { code: 'model_not_found', message: 'no', param: 'model', retryAfter: 3 },
})

await t.test('a finished task', async (t) => {
  t.same(toTask(done), {
    id: 'task_abcdefghijklmnopqrstuvwx',
    object: 'task',
    status: 'completed',
    created_at: 1_700_000_000,
    started_at: 1_700_000_001,
    completed_at: 1_700_000_003,
    expires_at: 1_700_086_403,
    model: 'max/text-general',
    background: false,
    metadata: { k: 'v' },
    user: 'u',
    progress: null,
    attempts: 1,
    sequence_number: 3,
    result: toCompletion(done),
    error: null,
    usage: toCompletion(done).usage,
    files: [],
    bridge: toCompletion(done).bridge,
  })
})

await t.test('a running task', async (t) => {
  const progress: Progress = {
    phase: 'thinking',
    lastSignOfLife: 1_700_000_002_999,
    characters: 5,
    outputTokens: null,
    tool: null,
  }
  t.match(toTask(running, progress), {
    status: 'in_progress',
    completed_at: null,
    expires_at: null,
    result: null,
    error: null,
    usage: null,
    progress: { phase: 'thinking', last_activity: 1_700_000_002, characters: 5, output_tokens: null, tool: null },
    bridge: { model: null, duration_ms: null, queue_ms: 100, cost_usd: null },
  })
})

await t.test('a task that has no result, whatever it said', async (t) => {
  t.match(toTask(failed), {
    result: null,
    error: { message: 'no', type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
  })
  t.equal(toTask(jobOf([say('a'), finish()], { status: 'cancelled' })).result, null)
  t.not(toTask(jobOf([say('a'), finish({ reason: 'length' })], { status: 'incomplete' })).result, null)
})

await t.test('a list', async (t) => {
  const page = { jobs: [done, { ...running, id: 'task_b' }], hasMore: true }
  const seen: string[] = []
  const list = toTaskList(page, (id) => (seen.push(id), null))
  t.match(list, { object: 'list', first_id: done.id, last_id: 'task_b', has_more: true })
  t.same(seen, [done.id, 'task_b'])
  const empty = { object: 'list', data: [], first_id: null, last_id: null, has_more: false }
  t.same(toTaskList({ jobs: [], hasMore: false }), empty)
})

await t.test('every error has the four members', async (t) => {
  for (const code of Object.keys(catalogue) as ErrorCode[]) {
    const expected = { message: 'm', type: catalogue[code].type, param: null, code }
    t.same(errorBody({ code, message: 'm', retryAfter: 5 }), { error: expected })
  }
})

await t.test('answers fit their schemas, member by member', async (t) => {
  const answers: [z.ZodType, unknown][] = [
    [responses.completionSchema, toCompletion(done)],
    ...statuses.map((status): [z.ZodType, unknown] => [responses.taskSchema, toTask({ ...done, status })]),
    [responses.taskSchema, toTask(failed)],
    [responses.taskListSchema, toTaskList({ jobs: [done, running, failed], hasMore: false })],
    [responses.errorSchema, errorBody({ code: 'timeout', message: 'm' })],
    [
      responses.modelListSchema,
      { object: 'list', data: listModels({ claudeModel: 'sonnet', upstreams: [], aliases: new Map([['gpt-4o', 'sonnet']]) }) },
    ],
  ]
  for (const [schema, answer] of answers) t.same(schema.parse(answer), answer)
  t.throws(() => responses.taskSchema.parse({ ...toTask(done), status: 'done' }), 'and are not just anything')
})

await t.test('schemas are open, so that answers can grow', async (t) => {
  const document = JSON.stringify(
    [responses.completionSchema, responses.chunkSchema, responses.taskListSchema, responses.errorSchema].map((schema) =>
      z.toJSONSchema(schema),
    ),
  )
  t.notMatch(document, /"additionalProperties":false/)
  const grown = { ...errorBody({ code: 'timeout', message: 'm' }), hint: 'x' }
  t.same(responses.errorSchema.parse(grown), grown)
})
