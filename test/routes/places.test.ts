/** Who holds a place, and for how long: with one place for everything, nothing waits for itself and nobody for those who only wait. */
import t from 'tap'
import type { Task } from '../../src/openai/out/response-schemas.js'
import { ask, gate, startBridge, until } from '../helper.js'
import { message, structuredOutput, text, toolUse } from '../standin/index.js'
import { answer, failing, startProvider } from '../upstreams/provider.js'

t.setTimeout(120_000)

const quick = await startProvider(t)
const slow = await startProvider(t)
const settings = {
  quick: { base_url: quick.url, models: '*', max_concurrent: 1 },
  slow: { base_url: slow.url, models: '*', max_concurrent: 1 },
}
const bridge = await startBridge(t, { env: { MAX_CONCURRENT: '1', IDLE_TIMEOUT_S: '5', UPSTREAMS: JSON.stringify(settings) } })
const { standin, app } = bridge
const chat = '/v1/chat/completions'

const json = async <T>(response: Promise<Response>): Promise<T> => (await (await response).json()) as T
const start = (marker: string, more: object = {}) => json<Task>(bridge.post('/tasks', ask(marker, { ...more })))
const read = (id: string, wait = 60) => json<Task>(bridge.get(`/tasks/${id}?wait=${wait}`))

await t.test('a slow provider holds up neither another one nor its own jobs’ clocks', async (t) => {
  const { opened, open } = gate()
  slow.when('P-slow', async (response, one) => {
    await opened
    await answer('slow')(response, one)
  })
  quick.when('P-quick', answer('quick'))
  const model = 'slow/m'
  const held = await start('P-slow', { model, timeout: 60 })
  t.ok(await until(() => slow.of('P-slow').length === 1))
  const waiting = await start('P-slow', { model })
  t.match(await json(bridge.post(chat, ask('P-quick', { model: 'quick/m' }))), { choices: [{ message: { content: 'quick' } }] })
  t.match(await json(bridge.get(`/tasks/${waiting.id}`)), { status: 'queued', started_at: null }, 'what was not sent has not begun')
  open()
  for (const { id } of [held, waiting]) t.match(await read(id), { status: 'completed' })
})

await t.test('a wait of an hour between attempts holds no place and is no silence', async (t) => {
  quick.when('P-busy', failing(503, 'busy'))
  quick.when('P-next', answer('next'))
  const model = 'quick/m'
  const sleeping = await start('P-busy', { model, retry_config: { max_attempts: 2, initial_delay: 3600, max_delay: 3600 } })
  t.ok(await until(() => quick.of('P-busy').length === 1))
  t.match(await json(bridge.post(chat, ask('P-next', { model }))), { choices: [{ message: { content: 'next' } }] })
  await new Promise((resolve) => setTimeout(resolve, 6000))
  t.match(await json(bridge.get(`/tasks/${sleeping.id}`)), { status: 'in_progress' }, 'longer than IDLE_TIMEOUT_S')
  t.equal(app.jobs.stats('network').running, 0)
  await bridge.post(`/tasks/${sleeping.id}/cancel`, {})
  t.match(await read(sleeping.id), { status: 'cancelled' })
})

await t.test('a fallback changes its place', async (t) => {
  const { opened, open } = gate()
  quick.when('P-fails', failing(503, 'busy'))
  standin.when('P-fails', message(text(['of ', 'Claude']), { hold: { afterDeltas: 1, until: opened } }))
  quick.when('P-beside', answer('beside'))
  const moved = await start('P-fails', { model: 'quick/m', fallbacks: ['sonnet'] })
  await bridge.asked('P-fails')
  t.equal(app.jobs.stats('network').running, 0)
  t.equal(app.jobs.stats('process').running, 1)
  t.match(await json(bridge.post(chat, ask('P-beside', { model: 'quick/m' }))), { choices: [{ message: { content: 'beside' } }] })
  open()
  t.match(await read(moved.id), { status: 'completed' })
  await bridge.idle()
})

await t.test('a validator’s question runs in its job’s place', async (t) => {
  standin.when('P-verdict-of', message(structuredOutput({ validation_passed: true, reasoning: 'fine', details: 'VALID' })))
  standin.when('P-checked', message('an answer to check'))
  const params = {
    task_prompt_to_claude: 'P-verdict-of {CODE_TO_VALIDATE}',
    validation_model_alias: 'sonnet',
    success_criteria: { must_contain_in_details: 'VALID' },
  }
  const checked = await start('P-checked', { validation: [{ type: 'agent_task', params }] })
  t.match(await read(checked.id), { status: 'completed' })
  // of a provider's model, by Claude
  quick.when('P-elsewhere', answer('an answer to check'))
  const elsewhere = await start('P-elsewhere', { model: 'quick/m', validation: [{ type: 'agent_task', params }] })
  t.match(await read(elsewhere.id), { status: 'completed' })
  await bridge.idle()
})

await t.test('what a job asks and waits for runs in its place; what it starts waits, and it is told so', async (t) => {
  // the first that fits is taken, and the outer conversation holds both words
  standin.when('P-outer', message(toolUse('mcp__bridge__ask', { question: 'P-inner', model: 'sonnet' })), message('from above'))
  standin.when('P-inner', message('from below'))
  t.match(await json(bridge.post(chat, ask('P-outer', { mcp_servers: ['bridge'] }))), { choices: [{ message: { content: 'from above' } }] })
  standin.when(
    'P-starts',
    message(toolUse('mcp__bridge__start_task', { question: 'P-later', model: 'sonnet' })),
    (request) => {
      const id = /task_\w{24}/.exec(JSON.stringify(request.body.messages?.at(-1)))![0]
      return message(toolUse('mcp__bridge__get_task', { task_id: id, wait: 600 }))
    },
    message('started'),
  )
  standin.when('P-later', message('later'))
  t.match(await json(bridge.post(chat, ask('P-starts', { mcp_servers: ['bridge'] }))), { choices: [{ message: { content: 'started' } }] })
  const { data } = await json<{ data: Task[] }>(bridge.get('/tasks?limit=1'))
  t.match(await read(data[0]!.id), { status: 'completed' }, 'it runs when its starter has gone')
  await bridge.idle()
})
