/** A job that asks the bridge itself, through the registry's ready entry: for its owner, one level deeper, and for as long as it lives. */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { openWorkspaceRoot } from '../../workspace/workspace.js'
import { markedProcesses, readProc } from '../claude/harness.js'
import { type Bridge, ask, gate, startBridge, until } from '../helper.js'
import { connect } from '../helper-mcp.js'
import { contains, message, text, toolResults, toolUse } from '../standin/index.js'

t.setTimeout(120_000)

interface Task {
  id: string
  status: string
  error: { code: string } | null
}

/** Starts a job with the bridge among its servers, whose answer waits; and says what stands in its folder meanwhile. */
async function begin(t: Test, bridge: Bridge, marker: string, headers: Record<string, string>) {
  const { opened, open } = gate()
  bridge.standin.when(marker, message(text(['begun ', 'done']), { hold: { afterDeltas: 1, until: opened } }))
  const response = await bridge.post('/tasks', ask(marker, { mcp_servers: ['bridge'] }), headers)
  const { id } = (await response.json()) as Task
  await bridge.asked(marker)
  const workspaces = openWorkspaceRoot(bridge.app.config.dataDir)
  const files = filesBelow(workspaces)
  const config = files.find((file) => path.basename(file) === 'mcp.json' && readFileSync(file, 'utf8').includes('job_'))!
  const { mcpServers } = JSON.parse(readFileSync(config, 'utf8')) as { mcpServers: { bridge: { headers: Record<string, string> } } }
  const authorization = mcpServers.bridge.headers['Authorization']!
  const token = authorization.replace('Bearer ', '')
  t.match(token, /^job_[\w-]{43}$/)
  return { id, token, as: { authorization }, config, files, workspaces, open }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
}

async function json<T>(response: Response | Promise<Response>): Promise<T> {
  return (await (await response).json()) as T
}

const viewOf = async (bridge: Bridge, id: string, owner: string) => (await bridge.app.jobs.get(id, owner))!.view

await t.test('on a server with keys', async (t) => {
  const bridge = await startBridge(t, { env: { API_KEYS: 'ann:key-of-ann,bob:key-of-bob', MAX_CONCURRENT: '2' } })
  const { standin } = bridge
  const ann = { authorization: 'Bearer key-of-ann' }
  const bob = { authorization: 'Bearer key-of-bob' }
  const callsOf = (marker: string) => standin.calls.filter((call) => contains(call, marker))

  await t.test('it asks, for its owner', async (t) => {
    standin.when('B-inner', message('from below'))
    standin.when('B-outer', message(toolUse('mcp__bridge__ask', { question: 'B-inn' + 'er', model: 'sonnet' })), message('from above'))
    const response = await bridge.post('/v1/chat/completions', ask('B-outer', { mcp_servers: ['bridge'] }), ann)
    const body = await json<{ choices: object[]; bridge: { task_id: string } }>(response)
    t.equal(response.status, 200, JSON.stringify(body))
    const results = callsOf('B-outer').flatMap((call) => toolResults(call))
    t.match(results, [{ isError: false, text: /from below/ }])
    const { data } = await json<{ data: Task[] }>(bridge.get('/tasks?order=asc', ann))
    t.equal(data.length, 2, 'both are her tasks')
    t.strictSame((await json<{ data: Task[] }>(bridge.get('/tasks', bob))).data, [])
    t.match(await viewOf(bridge, data[1]!.id, 'ann'), { depth: 1, parent: body.bridge.task_id })
    t.notMatch(JSON.stringify(data), /parent/, 'it is not shown')
  })

  await t.test('what it is given is its own token, and nothing of its owner’s key', async (t) => {
    const job = await begin(t, bridge, 'B-given', ann)
    t.equal(statSync(job.config).mode & 0o777, 0o600)
    for (const file of job.files) t.notOk(readFileSync(file).includes('key-of-ann'), file)
    for (const pid of markedProcesses(job.workspaces)) {
      t.notMatch(readProc(pid, 'cmdline'), job.token.slice(0, 20))
      t.notMatch(readProc(pid, 'cmdline') + readProc(pid, 'environ'), 'key-of-ann')
    }
    const nested = await json<Task>(bridge.post('/tasks', ask('B-nested'), job.as))
    t.match(await viewOf(bridge, nested.id, 'ann'), { depth: 1, parent: job.id }, 'without a word on its depth')
    t.match(await json(bridge.get(`/tasks/${nested.id}`, ann)), { id: nested.id }, 'a task of her own')
    t.equal((await bridge.get(`/tasks/${nested.id}`, bob)).status, 404)
    const response = await json<{ id: string }>(
      bridge.post('/v1/responses', { model: 'sonnet', input: 'B-nested', background: true }, job.as),
    )
    const [newest] = (await json<{ data: Task[] }>(bridge.get('/tasks?limit=1', job.as))).data
    t.match(await viewOf(bridge, newest!.id, 'ann'), { depth: 1, parent: job.id }, response.id)

    t.match(await json(bridge.get('/health', job.as)), { queue: {} }, 'all that its owner is told')
    job.open()
    t.match(await json(bridge.get(`/tasks/${job.id}?wait=60`, ann)), { status: 'completed' })
    for (const refused of [bridge.get('/tasks', job.as), bridge.get(`/tasks/${nested.id}`, job.as), bridge.post('/mcp', {}, job.as)]) {
      t.equal((await refused).status, 401)
    }
    t.notOk('queue' in (await json<object>(bridge.get('/health', job.as))))
    await bridge.idle()
    t.notMatch(bridge.logs.join(''), job.token.slice(0, 20))
    const stored = filesBelow(bridge.app.config.dataDir)
    t.ok(stored.length > 0)
    for (const file of stored) t.notOk(readFileSync(file).includes(job.token), file)
  })

  await t.test('a token is refused when its job was cancelled, too', async (t) => {
    const job = await begin(t, bridge, 'B-cancelled', ann)
    t.equal((await bridge.get('/tasks', job.as)).status, 200)
    t.match(await json(bridge.post(`/tasks/${job.id}/cancel`, {}, ann)), { status: 'cancelled' })
    t.equal((await bridge.get('/tasks', job.as)).status, 401)
    job.open()
    await bridge.idle()
  })

  await t.test('deeper than the limit is refused, whatever it says', async (t) => {
    const job = await begin(t, bridge, 'B-deep', { ...ann, 'x-bridge-depth': '3' })
    for (const headers of [job.as, { ...job.as, 'x-bridge-depth': '1' }]) {
      const refused = await bridge.post('/v1/chat/completions', ask('B-too-deep'), headers)
      t.match(await json(refused), { error: { code: 'depth_exceeded' } })
      const user = await connect(bridge, headers)
      t.match(await user.refusal('ask', { question: 'B-too-deep' }), { code: 'depth_exceeded' })
      t.match(await user.refusal('start_task', { question: 'B-too-deep' }), { code: 'depth_exceeded' })
      await user.client.close()
    }
    t.equal(callsOf('B-too-deep').length, 0)
    job.open()
    await bridge.idle()
  })

  await t.test('it does not wait for a task that may need its own place', async (t) => {
    const job = await begin(t, bridge, 'B-waits', ann)
    const other = gate()
    standin.when('B-other', message(text(['a ', 'b']), { hold: { afterDeltas: 1, until: other.opened } }))
    const { id: running } = await json<Task>(bridge.post('/tasks', ask('B-other'), ann))
    await bridge.asked('B-other')
    const inside = await connect(bridge, job.as)
    const task = (await inside.data('start_task', { question: 'B-later', model: 'sonnet' })) as unknown as Task
    t.match(task, { status: 'queued' })

    const begun = performance.now()
    t.match(await inside.data('get_task', { task_id: task.id, wait: 600 }), { status: 'queued' })
    t.match(await json(bridge.get(`/tasks/${task.id}?wait=60`, job.as)), { status: 'queued' })
    t.ok(performance.now() - begun < 10_000, 'answered at once')

    const outside = await connect(bridge, ann)
    const waited = performance.now()
    t.match(await outside.data('get_task', { task_id: task.id, wait: 0.5 }), { status: 'queued' })
    t.match(await json(bridge.get(`/tasks/${task.id}?wait=1`, ann)), { status: 'queued' })
    t.ok(performance.now() - waited > 1400, 'others wait as ever')

    const end = inside.data('get_task', { task_id: running, wait: 60 })
    other.open()
    t.match(await end, { status: 'completed' }, 'one that runs is waited for')
    // an answer does not wait for the end of its process, which has the place until then
    t.ok(await until(() => bridge.app.jobs.stats().queued === 0))
    t.match(await inside.data('get_task', { task_id: task.id, wait: 60 }), { status: 'completed' }, 'and one that has found a place')
    job.open()
    await Promise.all([inside.client.close(), outside.client.close()])
    await bridge.idle()
  })
})

await t.test('on a server without keys', async (t) => {
  const bridge = await startBridge(t)
  const job = await begin(t, bridge, 'B-anyone', {})
  const nested = await json<Task>(bridge.post('/tasks', ask('B-nested'), { ...job.as, 'x-bridge-depth': '2' }))
  t.match(await viewOf(bridge, nested.id, 'anonymous'), { depth: 2, parent: job.id })
  const outside = await json<Task>(bridge.post('/tasks', ask('B-nested'), { authorization: 'Bearer any-key' }))
  t.notOk('parent' in (await viewOf(bridge, outside.id, 'anonymous')), 'any other key says nothing')
  job.open()
  t.match(await json(bridge.get(`/tasks/${job.id}?wait=60`)), { status: 'completed' })
  for (const key of [job.token, 'job_', 'job_x']) {
    const headers = { authorization: `Bearer ${key}` }
    const refused = await bridge.get('/tasks', headers)
    t.equal(refused.status, 401)
    t.match(await json(refused), { error: { code: 'invalid_api_key', message: 'This is no key of a job that is at work.' } })
    t.equal((await bridge.post('/v1/chat/completions', ask('B-dead'), headers)).status, 401)
    t.equal((await bridge.get('/nowhere', headers)).status, 401)
    t.notOk('queue' in (await json<object>(bridge.get('/health', headers))))
    t.equal((await bridge.get('/openapi.json', headers)).status, 200)
  }
  t.equal((await bridge.get('/tasks', { authorization: 'Bearer any-key' })).status, 200)
  t.match(await json(bridge.get('/health')), { queue: {} })
  await bridge.idle()
  t.notMatch(bridge.logs.join(''), job.token.slice(0, 20))
})

await t.test('several answers of a job have one token', async (t) => {
  const bridge = await startBridge(t)
  const { opened, open } = gate()
  bridge.standin.when('B-several', message(text(['a ', 'b']), { hold: { afterDeltas: 1, until: opened } }))
  const asked = bridge.post('/tasks', ask('B-several', { mcp_servers: ['bridge'], n: 2 }))
  const { id } = await json<Task>(asked)
  t.ok(await until(() => bridge.standin.calls.filter((call) => contains(call, 'B-several')).length === 2))
  const files = filesBelow(openWorkspaceRoot(bridge.app.config.dataDir)).filter((file) => path.basename(file) === 'mcp.json')
  const tokens = files.map((file) => /job_[\w-]{43}/.exec(readFileSync(file, 'utf8'))?.[0])
  t.equal(tokens.length, 2)
  t.ok(tokens[0])
  t.equal(tokens[0], tokens[1])
  open()
  t.match(await json(bridge.get(`/tasks/${id}?wait=60`)), { status: 'completed' })
})
