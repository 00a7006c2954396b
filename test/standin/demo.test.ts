import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { banner } from './banner.js'
import { demoEnvironment } from './demo-environment.js'
import { freePort, isTaken } from './ports.js'

void t.test('the bridge of the demo sees the stand-in and none of the caller’s credentials', async (t) => {
  const mine = {
    PATH: '/bin',
    ANTHROPIC_API_KEY: 'real',
    ANTHROPIC_AUTH_TOKEN: 'real',
    CLAUDE_CODE_OAUTH_TOKEN: 'real',
    NO_PROXY: 'x',
  }
  const env = demoEnvironment(mine, { standinUrl: 'http://127.0.0.1:1', dataDir: '/d', host: '::1', port: 7 })
  t.notOk(Object.values(env).includes('real'))
  t.match(env, { PATH: '/bin', HOST: '::1', PORT: '7', DATA_DIR: '/d', NO_PROXY: 'x,127.0.0.1,localhost' })
  t.equal(env['ANTHROPIC_BASE_URL'], 'http://127.0.0.1:1')
})

void t.test('the banner has three lines to copy', async (t) => {
  const shown = banner('http://127.0.0.1:3010', {})
  t.match(shown, /NOT from Claude/)
  const commands = shown.split('\n').filter((line) => line.trim().startsWith('curl '))
  t.equal(commands.length, 3)
  t.ok(commands.every((line) => line.includes('http://127.0.0.1:3010/v1/chat/completions')))
  for (const line of commands) t.match(JSON.parse(/-d '(.+)'$/.exec(line)![1]!), { messages: [{ role: 'user' }] })
  t.match(banner('http://x', { API_KEYS: 'secret' }), /authorization: Bearer/)
  t.notMatch(banner('http://x', { API_KEYS: 'secret' }), /secret/)
})

void t.test('ports', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  t.equal(await isTaken('127.0.0.1', (server.address() as AddressInfo).port), true)
  t.equal(await isTaken('127.0.0.1', await freePort('127.0.0.1')), false)
  t.equal(await isTaken('127.0.0.1', NaN), false)
})
