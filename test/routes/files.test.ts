/** `/tasks/:id/files/*`: what a job has left, for its owner, while the task is there. */
import { existsSync, symlinkSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import t from 'tap'
import { startBridge } from '../helper.js'
import { temporary } from '../helper-server.js'
import { onRedis } from '../redis.js'
import { message, toolUse } from '../standin/index.js'

t.setTimeout(120_000)
// on Redis they are in a folder only where one is set
const shared: Record<string, string> = onRedis ? { FILES_DIR: temporary(t) } : {}
const bridge = await startBridge(t, { env: { API_KEYS: 'ann:key-of-ann,bob:key-of-bob', TASK_TTL_S: '3600', ...shared } })
const ann = { authorization: 'Bearer key-of-ann' }
const bob = { authorization: 'Bearer key-of-bob' }

const content = { 'page.html': '<script>alert(1)</script>', 'data/ünï code.json': '{"a":1}', empty: '' }
bridge.standin.when(
  'F-files',
  message(Object.entries(content).map(([file, text]) => toolUse('Write', { file_path: file, content: text }))),
  message('done'),
)
const ask = { model: 'sonnet', allowed_tools: ['Write'], messages: [{ role: 'user', content: 'F-files' }] }
const answered = (await (await bridge.post('/v1/chat/completions', ask, ann)).json()) as { bridge: { task_id: string } }
const id = answered.bridge.task_id
const { dataDir, filesDir = path.join(dataDir, 'files') } = bridge.app.config
const folder = path.join(filesDir, id)
const at = (file: string) => `/tasks/${id}/files/${file.split('/').map(encodeURIComponent).join('/')}`

/** The path as it stands: fetch would tidy it up. */
function rawStatus(target: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http
      .get({ port: bridge.port, host: '127.0.0.1', path: target, headers: ann }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      .on('error', reject)
  })
}

await t.test('listed and readable, as data', async (t) => {
  const task = (await (await bridge.get(`/tasks/${id}`, ann)).json()) as { files: { path: string; bytes: number; media_type: string }[] }
  t.strictSame(
    task.files.map((file) => [file.path, file.bytes, file.media_type]),
    [
      ['data/ünï code.json', 7, 'application/json'],
      ['empty', 0, 'application/octet-stream'],
      ['page.html', 25, 'text/html; charset=utf-8'],
    ],
  )
  for (const [file, text] of Object.entries(content)) {
    const response = await bridge.get(at(file), ann)
    t.equal(response.status, 200)
    t.equal(await response.text(), text)
    t.equal(response.headers.get('content-type'), task.files.find((listed) => listed.path === file)!.media_type)
    t.equal(response.headers.get('x-content-type-options'), 'nosniff')
    t.match(response.headers.get('content-disposition'), /^attachment; filename\*=UTF-8''[\w.%-]+$/)
  }
  t.equal(
    (await bridge.get(at('data/ünï code.json'), ann)).headers.get('content-disposition'),
    "attachment; filename*=UTF-8''%C3%BCn%C3%AF%20code.json",
  )
})

await t.test('to its owner only', async (t) => {
  const response = await bridge.get(at('page.html'), bob)
  t.equal(response.status, 404)
  t.match(await response.json(), { error: { code: 'task_not_found' } })
  t.equal((await bridge.get(at('page.html'))).status, 401)
})

await t.test('no path leads anywhere else', async (t) => {
  symlinkSync('/etc/passwd', path.join(folder, 'link'))
  const targets = [
    '',
    'none',
    'data',
    'link',
    '..',
    '../..',
    '../../bridge.db',
    '%2e%2e/%2e%2e/x',
    '..%2f..%2fx',
    '%2fetc%2fpasswd',
    '/etc/passwd',
    'page.html%00',
    './page.html',
    'data%5cx',
    '%252e%252e/x',
    'data//x',
  ]
  for (const target of targets) {
    const status = await rawStatus(`/tasks/${id}/files/${target}`)
    t.ok([400, 404].includes(status), `${JSON.stringify(target)}: ${status}`)
  }
  t.match(await (await bridge.get(at('none'), ann)).json(), { error: { code: 'file_not_found', type: 'invalid_request_error' } })
})

await t.test('gone with the task', async (t) => {
  t.ok(existsSync(folder))
  const response = await fetch(`${bridge.url}/tasks/${id}`, { method: 'DELETE', headers: ann })
  t.equal(response.status, 200)
  t.equal((await bridge.get(at('page.html'), ann)).status, 404)
  t.notOk(existsSync(folder))
})

await t.test('and when it expires', async (t) => {
  const files = bridge.app.files
  const { mkdirSync, writeFileSync } = await import('node:fs')
  const old = path.join(filesDir, 'task_expired')
  mkdirSync(old, { recursive: true })
  writeFileSync(path.join(old, 'x'), 'x')
  await files.sweep((jobs) => bridge.app.jobs.known(jobs))
  t.notOk(existsSync(old))
})
