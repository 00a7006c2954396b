/** `POST /tasks/:id/retry`: what a new task has of the old one, and what the server and the key allow now. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { type Task, taskSchema } from '../../src/openai/out/response-schemas.js'
import { ask, direct, onlyParked, startBridge } from '../helper.js'
import { temporary } from '../helper-server.js'
import { bare } from '../jobs/sqlite/helpers.js'
import { contains, hang, httpError, message } from '../standin/index.js'

const admin = 'an-admin-key-of-32-characters-00'
const folder = temporary(t)
const registry = path.join(folder, 'mcp.json')
writeFileSync(registry, JSON.stringify({ mcpServers: { one: { command: 'true' }, two: { command: 'true' } } }))
const dataDir = path.join(folder, 'data')
const bridge = await startBridge(t, {
  direct: 10,
  warm: onlyParked,
  env: { ADMIN_KEY: admin, MCP_CONFIG: registry, DATA_DIR: dataDir, MODEL_ALIASES: 'mine=sonnet' },
})
const { standin, app } = bridge

const as = (key: string) => ({ authorization: `Bearer ${key}` })

async function makeKey(name: string, more: object = {}): Promise<{ id: string; headers: Record<string, string> }> {
  const response = await bridge.post('/admin/keys', { name, ...more }, as(admin))
  const { id, key } = (await response.json()) as { id: string; key: string }
  return { id, headers: as(key) }
}
const change = (id: string, body: object) =>
  fetch(`${bridge.url}/admin/keys/${id}`, {
    method: 'PATCH',
    headers: { ...as(admin), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const anna = await makeKey('anna')
const bert = await makeKey('bert')

const wait = async (id: string, headers = anna.headers) => (await (await bridge.get(`/tasks/${id}?wait=60`, headers)).json()) as Task
const retry = (id: string, headers: Record<string, string> = anna.headers) =>
  fetch(`${bridge.url}/tasks/${id}/retry`, { method: 'POST', headers })
async function start(body: object, headers = anna.headers): Promise<Task> {
  const response = await bridge.post('/tasks', body, headers)
  if (response.status !== 202) throw new Error(await response.text())
  return (await response.json()) as Task
}
const ended = async (body: object, headers = anna.headers) => wait((await start(body, headers)).id, headers)
async function refusal(response: Response) {
  const { error } = (await response.json()) as { error: { code: string; message: string; type: string; param: string | null } }
  return { status: response.status, ...error }
}

await t.test('a failed task: the new one has its request, and says where it is from', async (t) => {
  standin.when('R-fails', httpError(403), message('now it goes'))
  const asked = ask('R-fails', { model: 'mine', user: 'me', metadata: { a: 'b' }, max_tokens: 77, seed: 1, store: true, timeout: 600 })
  const old = await ended(asked)
  t.equal(old.status, 'failed')
  t.notOk('retry_of' in old)
  const response = await retry(old.id)
  t.equal(response.status, 202)
  const task = taskSchema.parse(await response.json())
  t.equal(response.headers.get('location'), `/tasks/${task.id}`)
  t.not(task.id, old.id)
  t.match(task, { retry_of: old.id, model: 'mine', user: 'me', metadata: { a: 'b' }, background: true })
  t.match(task.bridge.ignored, old.bridge.ignored)
  const done = await wait(task.id)
  t.match(done, { status: 'completed', retry_of: old.id, result: { choices: [{ message: { content: 'now it goes' } }] } })
  t.ok(done.expires_at! - done.completed_at! > 29 * 86_400, 'it is kept as long as the old one would be')
  const calls = standin.calls.filter((call) => contains(call, 'R-fails'))
  const [first, last] = [calls[0], calls.at(-1)]
  t.strictSame(last!.body.messages, first!.body.messages)
  t.equal(last!.body.max_tokens, 77)
  t.strictSame(await wait(old.id), old, 'the old one stays as it is')
  const again = (await (await retry(task.id)).json()) as Task
  t.equal(again.retry_of, task.id, 'a task that was retried can be retried')
  await wait(again.id)
})

await t.test('answers that are checked, other providers, fallbacks', async (t) => {
  standin.when('R-checked', message('no'), message('no'), message('yes'))
  const checks = { validation: [{ type: 'contains', params: { values: ['yes'] } }], retry_config: { max_attempts: 1, initial_delay: 0 } }
  const old = await ended(ask('R-checked', { model: direct, ...checks }))
  t.match(old, { status: 'failed', error: { code: 'validation_failed' } })
  const second = await wait(((await (await retry(old.id)).json()) as Task).id)
  t.match(second, { status: 'failed', error: { code: 'validation_failed' }, retry_of: old.id }, 'it is checked as well')
  t.equal((await wait(((await (await retry(second.id)).json()) as Task).id)).status, 'completed')

  standin.when('R-others', httpError(400), message('the other'))
  const both = await ended(ask('R-others', { model: direct, fallbacks: ['door/direct'] }))
  t.match((await retry(both.id)).status, 202)
})

await t.test('one Idempotency-Key makes one task', async (t) => {
  standin.when('R-once', message('once'))
  const old = await ended(ask('R-once', { model: direct }))
  const headers = { ...anna.headers, 'idempotency-key': 'r-once' }
  const [one, two] = (await Promise.all(
    (await Promise.all([retry(old.id, headers), retry(old.id, headers)])).map((r) => r.json()),
  )) as Task[]
  t.equal(one!.id, two!.id)
  const other = await ended(ask('R-once', { model: direct }))
  t.match(await refusal(await retry(other.id, headers)), { status: 422, code: 'idempotency_key_reused' })
  await wait(one!.id)
})

await t.test('what cannot be retried', async (t) => {
  t.match(await refusal(await retry('task_none')), { status: 404, code: 'task_not_found', type: 'invalid_request_error' })
  standin.when('R-going', hang(1), message('at last'))
  const { id } = await start(ask('R-going', { model: direct }))
  await bridge.asked('R-going')
  t.match(await refusal(await retry(id)), { status: 409, code: 'task_unfinished', message: /in_progress/ })
  t.match(await refusal(await retry(id, bert.headers)), { status: 404, code: 'task_not_found' }, 'of another key there is none')
  await fetch(`${bridge.url}/tasks/${id}/cancel`, { method: 'POST', headers: anna.headers })
  const cancelled = await retry(id)
  t.equal(cancelled.status, 202, 'a cancelled one can')
  await wait(((await cancelled.json()) as Task).id)
})

await t.test('requests that are not kept, or of a version that is not known', async (t) => {
  const newer = await ended(ask('R-newer', { model: direct }))
  const gone = await ended(ask('R-gone', { model: direct }))
  if (app.redis === null) {
    await bare(dataDir, `UPDATE jobs SET format = 99 WHERE id = '${newer.id}'`)
    await bare(dataDir, `DELETE FROM requests WHERE job = (SELECT n FROM jobs WHERE id = '${gone.id}')`)
  } else {
    await app.redis.commands.hset(app.redis.key(`job:${newer.id}`), 'format', 99)
    await app.redis.commands.del(app.redis.key(`request:${gone.id}`))
  }
  t.match(await refusal(await retry(newer.id)), { status: 500, code: 'record_unreadable', message: /newer version of this server/ })
  t.match(await refusal(await retry(gone.id)), { status: 410, code: 'request_not_kept' })
})

await t.test('what the key may use now holds', async (t) => {
  const key = await makeKey('narrowed')
  standin.when('R-tools', message('with tools'))
  const old = await ended(ask('R-tools', { mcp_servers: ['one', 'two'], allowed_tools: ['mcp__one__a', 'mcp__two'] }), key.headers)
  const plain = await ended(ask('R-plain', { model: direct }), key.headers)
  await change(key.id, { mcp_servers: ['one'] })
  t.match(await refusal(await retry(old.id, key.headers)), { status: 403, code: 'mcp_server_not_allowed', message: /two/ })
  await change(key.id, { models: ['sonnet'] })
  t.match(await refusal(await retry(plain.id, key.headers)), { status: 404, code: 'model_not_found', message: /may not use/ })
  await change(key.id, { models: null, limits: { requests_per_minute: 1 } })
  await retry(plain.id, key.headers)
  t.match(await refusal(await retry(plain.id, key.headers)), { status: 429, code: 'rate_limit_exceeded' })
  await change(key.id, { limits: null })
  await fetch(`${bridge.url}/admin/keys/${key.id}`, { method: 'DELETE', headers: as(admin) })
  t.equal((await retry(plain.id, key.headers)).status, 401)
})
