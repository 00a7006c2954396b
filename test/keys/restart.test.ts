/** Made keys outlive the server, and a database of an earlier version takes them. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { buildApp } from '../../src/app.js'
import { readConfig } from '../../src/config.js'
import { openSqliteStore } from '../../src/jobs/sqlite/store.js'
import { createLogger } from '../../src/logger.js'
import { copyFixture } from '../fixtures/databases/open.js'
import { type Bridge, ask, askDirect, environment, startBridge } from '../helper.js'
import { temporary } from '../helper-server.js'
import { jobWith, queued } from '../jobs/conformance/records.js'

const adminKey = 'an-admin-key-of-32-characters-00'
const operator = { authorization: `Bearer ${adminKey}` }
const as = (key: string) => ({ authorization: `Bearer ${key}` })
interface Key {
  id: string
  key: string
}

await t.test('after a restart', async (t) => {
  const env = { ADMIN_KEY: adminKey, DATA_DIR: path.join(temporary(t), 'data') }
  const make = async (bridge: Bridge, name: string) => (await (await bridge.post('/admin/keys', { name }, operator)).json()) as Key
  const keys: Record<string, Key> = {}
  let task = ''
  await t.test('the first server', async (t) => {
    const bridge = await startBridge(t, { direct: 1, env })
    for (const name of ['stays', 'turned', 'gone', 'left']) keys[name] = await make(bridge, name)
    const rotated = await bridge.post(`/admin/keys/${keys['turned']!.id}/rotate`, { grace_s: 3600 }, operator)
    keys['next'] = (await rotated.json()) as Key
    await fetch(`${bridge.url}/admin/keys/${keys['gone']!.id}`, { method: 'DELETE', headers: operator })
    task = ((await (await bridge.post('/tasks', askDirect('x'), as(keys['stays']!.key))).json()) as Key).id
    await bridge.idle()
  })
  await t.test('a server that ended between a key and its jobs', async (t) => {
    const store = await openSqliteStore({ dataDir: env.DATA_DIR })
    const left = (await store.keys.all()).find(({ name }) => name === 'left')!
    await store.create(jobWith({ id: 'task_left', owner: left.id, background: true }), {}, queued)
    await store.keys.put({ ...left, revokedAt: Date.now() })
    await store.close()
    t.equal(left.revokedAt, null)
  })
  await t.test('the second server', async (t) => {
    const bridge = await startBridge(t, { direct: 1, env })
    const status = async (name: string) => (await bridge.get('/tasks', as(keys[name]!.key))).status
    t.strictSame(await Promise.all(['stays', 'turned', 'next', 'gone', 'left'].map(status)), [200, 200, 200, 401, 401])
    t.equal((await bridge.get(`/tasks/${task}`, as(keys['stays']!.key))).status, 200, 'its tasks are its own')
    t.equal((await bridge.get('/tasks')).status, 401, 'and nobody else is let in')
    t.match(await bridge.app.store.get('task_left'), { status: 'cancelled' })
  })
  await t.test('an id is a name of API_KEYS', async (t) => {
    const { id } = keys['gone']!
    const config = readConfig({
      ...environment(path.dirname(env.DATA_DIR), 'http://127.0.0.1:1'),
      ...env,
      API_KEYS: `${id}:key-of-another`,
    })
    const app = buildApp({ config, env: {}, logger: createLogger('silent', { write: () => {} }) })
    await t.rejects(app, { name: 'ConfigError', message: new RegExp(`API_KEYS: ${id} is the id of a made key`) })
  })
})

await t.test('on a database of an earlier version', async (t) => {
  const dataDir = path.join(temporary(t), 'data')
  mkdirSync(dataDir)
  copyFixture('schema-3', dataDir)
  const bridge = await startBridge(t, { direct: 1, env: { ADMIN_KEY: adminKey, DATA_DIR: dataDir } })
  const made = await bridge.post('/admin/keys', { name: 'new', models: ['direct'] }, operator)
  t.equal(made.status, 201)
  const { key } = (await made.json()) as Key
  t.match(await (await bridge.get('/tasks', as(key))).json(), { data: { length: 0 } }, 'older tasks keep their owners')
  t.equal((await bridge.post('/v1/chat/completions', ask('x'), as(key))).status, 404)
})

await t.test('other machines may reach a server that has ADMIN_KEY alone', async (t) => {
  const bridge = await startBridge(t, { direct: 1, env: { ADMIN_KEY: adminKey, HOST: '0.0.0.0' } })
  t.equal((await bridge.get('/tasks')).status, 401, 'it lets nobody in')
  const { key } = (await (await bridge.post('/admin/keys', { name: 'first' }, operator)).json()) as Key
  t.equal((await bridge.get('/tasks', as(key))).status, 200)
  t.throws(() => readConfig({ HOST: '0.0.0.0' }), /ADMIN_KEY/)
})
