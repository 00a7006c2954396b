/** The commands where no server runs: they open the store, and never one that a server has. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { openSqliteStore } from '../../src/jobs/sqlite/store.js'
import type { Task } from '../../src/openai/out/response-schemas.js'
import { temporary } from '../helper-server.js'
import { ending, jobWith, put, queued, running, text } from '../jobs/conformance/records.js'
import { freePort } from '../standin/ports.js'
import { run } from './helper.js'

const folder = temporary(t)
const dataDir = path.join(folder, 'data')
// nothing listens there
const port = String(await freePort('127.0.0.1'))
const env = { DATA_DIR: dataDir, PORT: port, HOME: folder }

await t.test('where there is none, none is made', async (t) => {
  const { code, stdout, stderr } = await run(t, ['tasks'], { env })
  t.match({ code, stdout }, { code: 3, stdout: '' })
  t.match(
    stderr,
    /^claude-bridge: no server answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\): start it with `claude-bridge serve`.*no job database in \S+data either\n$/,
  )
  t.match(await run(t, ['vacuum'], { env }), { code: 1, stderr: /there is no job database/ })
  t.notOk(existsSync(dataDir))
})

const [ann, bob, old] = [
  jobWith({ owner: 'ann', createdAt: Date.now(), ttlS: 1_000_000_000 }),
  jobWith({ owner: 'bob', createdAt: Date.now() + 1, ttlS: 1_000_000_000 }),
  jobWith({ owner: 'bob', createdAt: Date.now(), ttlS: 0 }),
]

await t.test('while another has it', async (t) => {
  const store = await openSqliteStore({ dataDir })
  for (const job of [ann, old]) {
    await store.create(job, {}, { ...queued, at: Date.now() })
    await put(store, job.id, running, text('said'), ending(job === ann ? 'failed' : 'completed'))
  }
  await store.create(bob, {}, { ...queued, at: Date.now() })
  const used = await run(t, ['tasks'], { env })
  t.match(used, {
    code: 3,
    stdout: '',
    stderr: /^claude-bridge: a server runs on \S+data, and does not answer at http:\/\/127\.0\.0\.1:\d+: set CLAUDE_BRIDGE_URL\n$/,
  })
  t.match(await run(t, ['vacuum'], { env }), { code: 3, stderr: /a server runs on \S+data: stop it first/ })
  const named = await run(t, ['tasks'], { env: { ...env, CLAUDE_BRIDGE_URL: `http://127.0.0.1:${port}` } })
  t.match(named, { code: 3, stderr: /check CLAUDE_BRIDGE_URL\n$/ }, 'a server that is named is not stood in for')
  await store.close()
})

await t.test('tasks of every owner', async (t) => {
  const list = JSON.parse((await run(t, ['tasks', '--json'], { env })).stdout) as { data: Task[] }
  t.strictSame(
    list.data.map(({ id, status }) => [id, status]),
    [
      [bob.id, 'queued'],
      [ann.id, 'failed'],
    ],
    'but none that has expired',
  )
  t.match((await run(t, ['tasks', '--status', 'failed'], { env })).stdout, new RegExp(`\\n${ann.id} +failed`))
  t.match(await run(t, ['tasks', '--status', 'odd'], { env }), { code: 1, stderr: /The status is none of/ })
  t.match((await run(t, ['task', ann.id], { env })).stdout, /status +failed/)
  t.match(await run(t, ['task', old.id], { env }), { code: 5 })
  t.match(await run(t, ['task', ann.id, '--follow'], { env }), { code: 6 }, 'it has ended')
  t.match(await run(t, ['cancel', bob.id], { env }), { code: 3, stderr: /no server answers/ }, 'what needs a server says so')
  t.match(await run(t, ['retry', ann.id], { env }), { code: 3 })
})

await t.test('keys and usage', async (t) => {
  const made = await run(t, ['key', 'create', 'carl', '--limit', 'running=2'], { env })
  t.match(made, { code: 0, stdout: /^cb_\S+\n$/ })
  t.match(await run(t, ['key', 'create', 'carl'], { env }), { code: 1, stderr: /another key has this name/ })
  t.match(await run(t, ['key', 'create', 'dora', '--limit', 'runing=2'], { env }), { code: 1, stderr: /runing/ })
  const id = /\((\w+)\)/.exec(made.stderr)![1]!
  const rotated = await run(t, ['key', 'rotate', id], { env })
  t.not(rotated.stdout, made.stdout)
  t.match(await run(t, ['key', 'revoke', id], { env }), { code: 0, stdout: `${id} revoked\n` })
  t.match((await run(t, ['key', 'list'], { env })).stdout, new RegExp(`\\n${id} +carl +revoked`))
  t.match((await run(t, ['usage'], { env })).stdout, /^KEY +MODEL +DAY +REQUESTS/)
})

await t.test('vacuum', async (t) => {
  t.match(await run(t, ['vacuum'], { env }), { code: 0, stdout: /data\/jobs\.db: \d+\.\d MB before, \d+\.\d MB now\n$/ })
  t.match(await run(t, ['vacuum'], { env: { ...env, STORE_URL: 'redis://127.0.0.1:59999' } }), { code: 2, stderr: /STORE_URL is set/ })
})

await t.test('a configuration file says where the server and the store are', async (t) => {
  const file = path.join(folder, 'bridge.yaml')
  writeFileSync(file, `server:\n  port: ${port}\n  data_dir: data\n`)
  t.match(await run(t, ['tasks'], { env: { CONFIG: file } }), { code: 0, stdout: new RegExp(ann.id) })
  writeFileSync(file, 'server:\n  prt: 9\n')
  t.match(await run(t, ['tasks'], { env: { CONFIG: file } }), { code: 2, stderr: /^claude-bridge: CONFIG: server\.prt/ })
  mkdirSync(path.join(folder, 'empty'))
  t.match(await run(t, ['tasks'], { env: { PORT: '0' } }), { code: 2, stderr: /PORT is 0/ })
})
