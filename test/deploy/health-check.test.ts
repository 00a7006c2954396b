/** The image's health check, as the program that a container runs. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ask, gate, startBridge } from '../helper.js'
import { freePort } from '../standin/ports.js'
import { httpError, message } from '../standin/index.js'

const program = path.join(import.meta.dirname, '../../src/health-check.js')

/** @returns its exit code and what it said */
async function check(url: string, ...options: string[]): Promise<{ code: number; said: string }> {
  const env = { PORT: new URL(url).port, HOST: '0.0.0.0' }
  const asked = promisify(execFile)(process.execPath, [program, ...options], { env })
  return asked.then(
    ({ stdout }) => ({ code: 0, said: stdout.trim() }),
    (error: { code: number; stdout: string }) => ({ code: error.code, said: error.stdout.trim() }),
  )
}

await t.test('ready, and refused by the API', async (t) => {
  const bridge = await startBridge(t)
  t.strictSame(await check(bridge.url), { code: 0, said: 'ok' })
  bridge.standin.when('C-refused', httpError(401))
  t.equal((await bridge.post('/v1/chat/completions', ask('C-refused'))).status, 401)
  t.match(await check(bridge.url), { code: 1, said: /^claude: claude_not_authenticated, .*ANTHROPIC_API_KEY/ })
  t.match(await check(bridge.url, '--alive'), { code: 0 }, 'it lives')
})

await t.test('a full queue is no fault', async (t) => {
  const bridge = await startBridge(t, { env: { MAX_CONCURRENT: '1', MAX_QUEUED: '1' } })
  const { opened, open } = gate()
  bridge.standin.when('C-slow', async () => {
    await opened
    return message('done')
  })
  const asked = ['C-slow 1', 'C-slow 2'].map((text) => bridge.post('/v1/chat/completions', ask(text)))
  while ((await bridge.get('/health/ready')).status !== 503) await sleep(20)
  t.match(await check(bridge.url), { code: 0, said: /^queue: queue_full, / })
  open()
  for (const { status } of await Promise.all(asked)) t.equal(status, 200)
})

await t.test('nothing answers', async (t) => {
  const url = `http://127.0.0.1:${await freePort('127.0.0.1')}`
  t.strictSame(await check(url), { code: 1, said: `no answer from ${url}/health/ready: ECONNREFUSED` })
})
