/** Secrets as files: the variable and its file, and what the CLI is given. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { readConfig } from '../../src/config.js'
import { baseEnvironment } from '../../src/claude/process/environment.js'
import { withSecretFiles } from '../../src/config/secret-files.js'
import { ask, startBridge } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'
import { message } from '../standin/index.js'

const folder = temporary(t)

type Bad = [NodeJS.ProcessEnv, RegExp]

function fileOf(content: string): string {
  const file = path.join(folder, `secret-${Math.random()}`)
  writeFileSync(file, content)
  return file
}

const names = ['API_KEYS', 'ADMIN_KEY', 'ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN', 'WEBHOOK_SECRET', 'STORE_URL']

await t.test('each of them', (t) => {
  for (const name of names) {
    const variable = `${name}_FILE`
    t.strictSame(withSecretFiles({ A: 'b', [variable]: fileOf('s3cret\r\n\n') }), { A: 'b', [name]: 's3cret' }, variable)
    t.strictSame(withSecretFiles({ [variable]: fileOf('\uFEFFs3cret\n') }), { [name]: 's3cret' }, 'with the mark of an editor of Windows')
    t.strictSame(withSecretFiles({ [name]: 's3cret', [variable]: '' }), { [name]: 's3cret' }, 'an empty variable is not set')
    const bad: Bad[] = [
      [{ [variable]: fileOf('s3cret'), [name]: 's3cret-too' }, /is set as well/],
      [{ [variable]: path.join(folder, 's3cret') }, /cannot be read \(ENOENT\)/],
      [{ [variable]: folder }, /cannot be read \(EISDIR\)/],
      [{ [variable]: fileOf('') }, /is empty/],
      [{ [variable]: fileOf(' \n') }, /is empty/],
      ...(name === 'API_KEYS'
        ? []
        : (['s3cret\ns3cret-too', 's3cret\0', '\ns3cret'].map((text) => [{ [variable]: fileOf(text) }, /one line/]) as Bad[])),
    ]
    for (const [env, message] of bad) {
      try {
        withSecretFiles(env)
        t.fail(`${variable} is accepted`)
      } catch (error) {
        const line = (error as Error).message
        t.ok(line.startsWith(`${variable}: `), line)
        t.match(line, message)
        t.notMatch(line, /s3cret|\n/)
      }
    }
  }
  t.end()
})

await t.test('keys, one in a line or all in one', (t) => {
  for (const text of ['ann:key-a\nbob:key-b\n', 'ann:key-a,bob:key-b', 'ann:key-a \r\n\r\n bob:key-b', '\n\uFEFFann:key-a\nbob:key-b']) {
    t.match(readConfig({ API_KEYS_FILE: fileOf(text) }).apiKeys, [
      { name: 'ann', key: 'key-a' },
      { name: 'bob', key: 'key-b' },
    ])
  }
  t.equal(readConfig({ ADMIN_KEY_FILE: fileOf('a-key-of-the-operator\n') }).adminKey, 'a-key-of-the-operator')
  t.end()
})

await t.test('the CLI gets the value, and not the name of the file', async (t) => {
  const env = { ANTHROPIC_API_KEY: '', ANTHROPIC_API_KEY_FILE: fileOf('sk-ant-of-the-file\n') }
  t.notOk(Object.keys(baseEnvironment(withSecretFiles(env))).some((name) => name.endsWith('_FILE')))
  const bridge = await startBridge(t, { env })
  bridge.standin.when('F-one', message('fine'))
  t.equal((await bridge.post('/v1/chat/completions', ask('F-one'))).status, 200)
  t.equal((await bridge.asked('F-one')).headers['x-api-key'], 'sk-ant-of-the-file')
})

await t.test('as a process: one line and an exit', async (t) => {
  const env = { PATH: process.env['PATH'] ?? '', DATA_DIR: temporary(t), ANTHROPIC_API_KEY_FILE: '/s3cret' }
  const server = await startServer(t, env)
  t.strictSame(await server.ended, { code: 1, signal: null })
  t.equal(server.stderr(), 'claude-bridge: ANTHROPIC_API_KEY_FILE: the file cannot be read (ENOENT)\n')
})
