/** A damaged record of a made key: the server starts, says which one it is, and refuses that key and no other. */
import path from 'node:path'
import t from 'tap'
import { keyOfRecord } from '../../src/jobs/key-record.js'
import { openSqliteStore } from '../../src/jobs/sqlite/store.js'
import { startServer, temporary } from '../helper-server.js'
import { keyOf } from '../jobs/conformance/keys.js'
import { jobWith, queued } from '../jobs/conformance/records.js'
import { bare } from '../jobs/sqlite/helpers.js'
import { digestOf, newKey } from '../../src/keys/secret.js'

const adminKey = 'an-admin-key-of-32-characters-00'
const operator = { authorization: `Bearer ${adminKey}` }
const as = (key: string) => ({ authorization: `Bearer ${key}` })

await t.test('records', (t) => {
  const key = keyOf('aaaaaaaaaa', { previous: { digest: 'b'.repeat(64), until: 1.5 }, models: ['x'], limits: { usdPerDay: 0 } })
  t.strictSame(keyOfRecord(key.id, JSON.stringify(key)), key)
  t.strictSame(keyOfRecord(key.id, JSON.stringify({ ...key, later: 1 })), { ...key, later: 1 }, 'of a later version')
  const wrong: object[] = [
    ...[{ id: 'bbbbbbbbbb' }, { name: null }, { digest: 'short' }, { previous: {} }, { previous: { digest: 'x', until: 1 } }],
    ...[
      { admin: 'false' },
      { models: 'opus' },
      { tools: [1] },
      { limits: null },
      { limits: { running: '2' } },
      { limits: { running: -1 } },
    ],
    ...[{ priority: '1' }, { createdAt: null }, { revokedAt: 'never' }, { revokedAt: undefined }],
  ]
  const texts = wrong.map((member) => JSON.stringify({ ...key, ...member }))
  for (const text of [...texts, '', '{', 'null', '[]', '7', null, Buffer.from('{}')]) {
    t.match(keyOfRecord(key.id, text), { id: key.id, damaged: true, revokedAt: 0, admin: false }, String(text))
  }
  t.end()
})

await t.test('a server with one', async (t) => {
  const folder = temporary(t)
  const dataDir = path.join(folder, 'data')
  const [broken, whole] = ['brokenkey0', 'wholekey00'].map((id) => ({ id, key: newKey(id) })) as [Made, Made]
  const store = await openSqliteStore({ dataDir })
  for (const { id, key } of [broken, whole]) await store.keys.put(keyOf(id, { digest: digestOf(key).toString('hex') }))
  await store.create(jobWith({ id: 'task_broken', owner: broken.id, background: true, createdAt: Date.now() }), {}, queued)
  await store.close()
  await bare(dataDir, `UPDATE keys SET record = substr(record, 1, 40) WHERE id = '${broken.id}'`)

  const server = await startServer(t, {
    ...{ PATH: process.env['PATH'] ?? '', HOME: folder, DATA_DIR: dataDir, PORT: '0', HOST: '127.0.0.1', ADMIN_KEY: adminKey },
    ...{ ANTHROPIC_API_KEY: 'none', ANTHROPIC_BASE_URL: 'http://127.0.0.1:1', WARM_PROCESSES: '0', START_PROBE: '0' },
  })
  const lines = server
    .stdout()
    .split('\n')
    .filter((line) => line.includes('cannot be read'))
  t.equal(lines.length, 1)
  t.match(JSON.parse(lines[0]!), { level: 50, key: broken.id, msg: /a made key/ })
  const get = (route: string, headers: Record<string, string>) => fetch(server.url + route, { headers })
  t.equal((await get('/tasks', as(broken.key))).status, 401)
  t.equal((await get('/tasks', as(whole.key))).status, 200)
  t.match(await (await get('/admin/keys', operator)).json(), { data: [{ id: whole.id }, { id: broken.id, revoked_at: 0 }] })
  const stopped = await fetch(`${server.url}/admin/keys/${whole.id}`, { method: 'DELETE', headers: operator })
  t.equal(stopped.status, 200)
  t.equal((await get('/tasks', {})).status, 401, 'the server stays closed')
  server.process.kill('SIGTERM')
  await server.ended
  const again = await openSqliteStore({ dataDir })
  t.match(await again.get('task_broken'), { status: 'cancelled' }, 'nothing runs for a key whose limits are not known')
  t.match(
    (await again.keys.all()).find(({ id }) => id === broken.id),
    { damaged: true },
    'its record is left as it is',
  )
  await again.close()
})

interface Made {
  id: string
  key: string
}
