/** One owner's checks delay nobody else's, and one that waits for a thread can be cancelled. */
import t from 'tap'
import type { Task } from '../../src/openai/out/response-schemas.js'
import { ask, startBridge, until } from '../helper.js'
import { answer, startProvider } from '../upstreams/provider.js'

t.setTimeout(120_000)

const provider = await startProvider(t)
const settings = { acme: { base_url: provider.url, models: '*', max_concurrent: 200 } }
const env = { API_KEYS: 'ann:key-of-ann,bob:key-of-bob', UPSTREAMS: JSON.stringify(settings) }
const bridge = await startBridge(t, { env })
const ann = { authorization: 'Bearer key-of-ann' }
const bob = { authorization: 'Bearer key-of-bob' }

const json = async <T>(response: Promise<Response>): Promise<T> => (await (await response).json()) as T
const start = (marker: string, headers: Record<string, string>, pattern: string) =>
  json<Task>(bridge.post('/tasks', ask(marker, { model: 'acme/m', validation: [{ type: 'regex', params: { pattern } }] }), headers))

await t.test('a hundred jobs with a pattern that takes seconds, and one of somebody else', async (t) => {
  provider.when('C-slow', answer(`${'a'.repeat(5000)}!`))
  provider.when('C-quick', answer('fine'))
  const slow = await Promise.all(Array.from({ length: 100 }, () => start('C-slow', ann, '^(a+)+$')))
  t.ok(await until(() => provider.of('C-slow').length === 100, 60_000))
  t.ok(await until(() => bridge.app.jobs.stats('network').running === 0), 'who waits for a thread holds no place')
  const quick = await start('C-quick', bob, 'fine')
  t.match(await json(bridge.get(`/tasks/${quick.id}?wait=60`, bob)), { status: 'completed' })
  const page = await json<{ data: Task[] }>(bridge.get('/tasks?limit=100', ann))
  const busy = page.data.filter(({ status }) => status === 'in_progress')
  t.ok(busy.length > 80, `${busy.length} of them have not ended`)
  const ended = await Promise.all(slow.map(({ id }) => json<Task>(bridge.post(`/tasks/${id}/cancel`, {}, ann))))
  t.ok(ended.filter(({ status }) => status === 'cancelled').length > 80, 'each can be cancelled where it waits')
  await bridge.idle()
})
