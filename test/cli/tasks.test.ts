/** The commands about tasks, keys and usage, against a running server. */
import t from 'tap'
import type { Task } from '../../src/openai/out/response-schemas.js'
import { ask, direct, gate, startBridge, until } from '../helper.js'
import { hang, httpError, message, text } from '../standin/index.js'
import { run, start } from './helper.js'

const admin = 'an-admin-key-of-32-characters-00'
const bridge = await startBridge(t, { direct: 10, env: { ADMIN_KEY: admin } })
const { standin } = bridge
const operator = { CLAUDE_BRIDGE_URL: bridge.url, ADMIN_KEY: admin }

const made = await run(t, ['key', 'create', 'ann', '-m', direct, '-m', 'sonnet', '--limit', 'running=5', '--limit', 'usd_per_day=2.5'], {
  env: operator,
})
t.match(made, { code: 0, stdout: /^cb_\S+\n$/, stderr: /^ann \(\w+\): this key is shown once\n$/ })
const key = made.stdout.trim()
const env = { CLAUDE_BRIDGE_URL: bridge.url, CLAUDE_BRIDGE_KEY: key }
const headers = { authorization: `Bearer ${key}` }
const idOfKey = /\((\w+)\)/.exec(made.stderr)![1]!

async function post(marker: string): Promise<string> {
  return ((await (await bridge.post('/tasks', ask(marker, { model: direct }), headers)).json()) as Task).id
}
const ended = async (id: string) => (await (await bridge.get(`/tasks/${id}?wait=60`, headers)).json()) as Task

await t.test('keys', async (t) => {
  const list = await run(t, ['key', 'list'], { env: operator })
  t.match(list.stdout, new RegExp(`^ID +NAME +STATE .*\\n${idOfKey} +ann +valid .* direct,sonnet +running=5 usd_per_day=2\\.5\\n$`))
  t.notMatch(list.stdout, key)
  const other = await run(t, ['key', 'create', 'bob', '--json'], { env: operator })
  const bob = JSON.parse(other.stdout) as { id: string; key: string }
  const rotated = await run(t, ['key', 'rotate', bob.id, '--grace', '60'], { env: operator })
  t.match(rotated, { code: 0, stdout: /^cb_\S+\n$/ })
  t.not(rotated.stdout.trim(), bob.key)
  t.match(await run(t, ['key', 'revoke', bob.id], { env: operator }), { code: 0, stdout: `${bob.id} revoked\n` })
  t.match((await run(t, ['key', 'list'], { env: operator })).stdout, /bob +revoked/)
  t.match(await run(t, ['key', 'revoke', 'none'], { env: operator }), { code: 5, stderr: /There is no key `none`/ })
  t.match(await run(t, ['key', 'create', 'ann'], { env: operator }), { code: 1, stderr: /another key has this name/ })
  t.match(await run(t, ['key', 'list'], { env }), { code: 4, stderr: 'claude-bridge: this needs the key of the operator: set ADMIN_KEY\n' })
  t.match(await run(t, ['key', 'create', 'x', '--limit', 'much'], { env: operator }), { code: 2, stderr: /--limit much: write it as in/ })
})

await t.test('tasks and task', async (t) => {
  standin.when('L-done', message(text(['the answer'])))
  standin.when('L-fails', httpError(400))
  const [done, failed] = [await post('L-done'), await post('L-fails')]
  await ended(done)
  await ended(failed)
  const list = await run(t, ['tasks'], { env })
  t.match(list.stdout, new RegExp(`^ID +STATUS +MODEL +CREATED +TIME\\n${failed} +failed +direct .*\\n${done} +completed +direct .*\\n$`))
  const some = JSON.parse((await run(t, ['tasks', '--json', '--status', 'failed'], { env })).stdout) as { data: Task[] }
  t.strictSame(
    some.data.map(({ id }) => id),
    [failed],
  )
  t.match((await run(t, ['tasks', '-n', '1'], { env })).stdout, `… more: --after ${failed}`)
  t.match((await run(t, ['task', done], { env })).stdout, new RegExp(`^id +${done}\\nstatus +completed\\n[^]*\\n\\nthe answer\\n$`))
  t.match(await run(t, ['task', failed], { env }), { code: 0, stdout: /\nerror +upstream_invalid_request: / })
  t.match(JSON.parse((await run(t, ['task', done, '--json'], { env })).stdout), { id: done, object: 'task' })
  t.match(await run(t, ['task', 'task_none'], { env }), { code: 5, stderr: /^claude-bridge: There is no task `task_none`\.\n$/ })
  const none = await run(t, ['tasks'], { env: { CLAUDE_BRIDGE_URL: bridge.url } })
  t.match(none, { code: 4, stderr: /Set CLAUDE_BRIDGE_KEY\.\n$/ })
  t.match(await run(t, ['tasks', '--status', 'odd'], { env }), { code: 1, stderr: /status/ })
  t.match(await run(t, ['tasks', '-n', 'many'], { env }), { code: 2, stderr: /whole number from 1 to 100/ })
})

await t.test('--follow: what was said and what comes, to the end', async (t) => {
  const { opened, open } = gate()
  standin.when('L-follow', message(text(['one ', 'two']), { hold: { afterDeltas: 1, until: opened } }))
  const id = await post('L-follow')
  await bridge.asked('L-follow')
  const followed = start(t, ['task', id, '--follow'], { env })
  const asJson = start(t, ['task', id, '--follow', '--json'], { env })
  t.ok(await until(() => followed.stdout() === 'one ' && asJson.stdout().includes('"one "')))
  open()
  t.strictSame(await followed.ended, { code: 0, stdout: 'one two\n', stderr: '' })
  const events = (await asJson.ended).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; sequence_number: number })
  t.match(events.at(-1), { type: 'end', status: 'completed', sequence_number: events.length })

  standin.when('L-stopped', hang(1))
  const other = await post('L-stopped')
  const watched = start(t, ['task', other, '--follow'], { env })
  t.ok(await until(() => watched.stdout() !== ''))
  watched.process.kill('SIGINT')
  t.match(await watched.ended, { code: 130 })
  t.equal(((await (await bridge.get(`/tasks/${other}`, headers)).json()) as Task).status, 'in_progress', 'the task goes on')
  const until2 = start(t, ['task', other, '--follow'], { env })
  t.ok(await until(() => until2.stdout() !== ''))
  t.match(await run(t, ['cancel', other], { env }), { code: 0, stdout: `${other} cancelled\n` })
  t.match(await until2.ended, { code: 6, stderr: /the task ended cancelled/ })
  t.match(await run(t, ['cancel', 'task_none'], { env }), { code: 5 })
})

await t.test('retry', async (t) => {
  standin.when('L-retry', httpError(400), message(text(['better'])))
  const old = await post('L-retry')
  await ended(old)
  const again = await run(t, ['retry', old, '--follow'], { env })
  t.strictSame(again, { code: 0, stdout: 'better\n', stderr: '' })
  const printed = await run(t, ['retry', old], { env })
  t.match(printed.stdout, /^task_\w{24}\n$/)
  t.match(await ended(printed.stdout.trim()), { retry_of: old, status: 'completed' })
  t.match(await run(t, ['retry', 'task_none'], { env }), { code: 5 })
})

await t.test('usage', async (t) => {
  const own = await run(t, ['usage', '--by', 'key,model'], { env })
  t.match(own.stdout, new RegExp(`^KEY +MODEL +REQUESTS [^\\n]* USD\\n${idOfKey} +direct +\\d+ +2 [^]*\\nall `))
  const all = JSON.parse((await run(t, ['usage', '--json', '--from', '2020-01-01'], { env: operator })).stdout) as { object: string }
  t.equal(all.object, 'list')
  t.match((await run(t, ['usage', '--csv', '--by', 'key'], { env })).stdout, /^key,requests,/)
  t.match(await run(t, ['usage', '--by', 'colour'], { env }), { code: 1, stderr: /'colour' is none of/ })
  t.match(await run(t, ['usage', '--from', 'soon'], { env }), { code: 2, stderr: /seconds since 1970 or a date/ })
})
