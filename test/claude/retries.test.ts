/** Who asks again after a 429: the CLI, or the client where it does so itself; and what an error says of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { ask, startBridge } from '../helper.js'
import { httpError, message } from '../standin/index.js'

const bridge = await startBridge(t)
const patient = await startBridge(t, { env: { RETRY_RATE_LIMITS: '0' } })
const chat = '/v1/chat/completions'
const retrying = { 'x-stainless-retry-count': '0' }

async function refused(on: typeof bridge, marker: string, more: object = {}, headers: Record<string, string> = {}) {
  const response = await on.post(chat, ask(marker, { ...more }), headers)
  const { error } = (await response.json()) as { error: { code: string; message: string } }
  const calls = on.standin.calls.filter((call) => JSON.stringify(call).includes(marker)).length
  return { status: response.status, error, calls }
}

await t.test('the CLI asks three times, and the error says so with the words of the API', async (t) => {
  bridge.standin.when('T-cli', httpError(429, { message: 'your tokens are used up' }))
  const { status, error, calls } = await refused(bridge, 'T-cli')
  t.equal(status, 429)
  t.equal(calls, 3)
  t.match(error.message, /your tokens are used up.*\(asked 3 times\)/)
})

await t.test('a client that asks again by itself gets the first 429', async (t) => {
  bridge.standin.when('T-sdk', httpError(429, { message: 'your tokens are used up' }))
  const { status, error, calls } = await refused(bridge, 'T-sdk', {}, retrying)
  t.equal(status, 429)
  t.equal(calls, 1)
  t.match(error, { code: 'rate_limit_exceeded', message: /failed \(429, rate_limit\)/ })
  bridge.standin.when('T-stream', httpError(429))
  t.equal((await refused(bridge, 'T-stream', { stream: true }, retrying)).calls, 1)
})

await t.test('other failures are asked again all the same', async (t) => {
  bridge.standin.when('T-overload', httpError(529, { message: 'busy' }))
  const { status, error, calls } = await refused(bridge, 'T-overload', {}, retrying)
  t.equal(status, 503)
  t.equal(calls, 3)
  t.match(error.message, /asked 3 times/)
})

await t.test('a task in the background has no client that asks again', async (t) => {
  bridge.standin.when('T-task', httpError(429))
  const started = await bridge.post('/tasks', ask('T-task'), retrying)
  const { id } = (await started.json()) as { id: string }
  t.match(await (await bridge.get(`/tasks/${id}?wait=30`)).json(), { status: 'failed', error: { message: /asked 3 times/ } })
})

await t.test('by the setting no 429 is asked again', async (t) => {
  patient.standin.when('T-set', httpError(429))
  t.equal((await refused(patient, 'T-set')).calls, 1)
})

await t.test('a refused credential has the words of the API', async (t) => {
  bridge.standin.when('T-key', httpError(401, { message: 'this key was revoked on Monday' }))
  const { status, error } = await refused(bridge, 'T-key')
  t.equal(status, 401)
  t.match(error.message, /this key was revoked on Monday/)
  t.notMatch(error.message, /\(401: \)/)
})

await t.test('a login that was refused once is asked again, and one that may not is not', async (t) => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'bridge-login-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  const login = { accessToken: 'sk-ant-oat01-of-the-test', refreshToken: 'sk-ant-ort01-of-the-test', scopes: ['user:inference'] }
  const claudeAiOauth = { ...login, expiresAt: Date.now() + 3_600_000, subscriptionType: 'max' }
  writeFileSync(path.join(home, '.credentials.json'), JSON.stringify({ claudeAiOauth }))
  const loggedIn = await startBridge(t, { env: { ANTHROPIC_API_KEY: '', CLAUDE_CONFIG_DIR: home } })
  loggedIn.standin.when('T-login', httpError(401, { message: 'the token has expired' }), message('after all'))
  const response = await loggedIn.post(chat, ask('T-login'))
  t.equal(response.status, 200)
  t.match(await response.text(), /after all/)
  t.equal(loggedIn.standin.calls.length, 2)
  loggedIn.standin.when('T-forbidden', httpError(403, { message: 'no' }))
  t.match(await refused(loggedIn, 'T-forbidden'), { status: 403, calls: 1 })
})
