/** `UPSTREAMS`: what is taken, and that everything else ends the start with one line that shows no secret. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { ConfigError, readConfig } from '../../src/config.js'
import { startServer, temporary } from '../helper-server.js'

const base = { base_url: 'https://api.example.com/v1', models: ['m'] }

function complaint(upstreams: unknown, env: NodeJS.ProcessEnv = {}): string {
  try {
    readConfig({ ...env, UPSTREAMS: typeof upstreams === 'string' ? upstreams : JSON.stringify(upstreams) })
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'accepted'
}

await t.test('defaults, and a file', (t) => {
  const settings = {
    'my-acme_2': {
      base_url: 'http://127.0.0.1:1/v1//',
      api_key_env: 'ACME_KEY',
      models: ['a', { id: 'org/b:free', long_running: true, default: 'poll', timeout: 600, fallbacks: ['sonnet', 'my-acme_2/a'] }, '*'],
      timeouts: { connect: 0.5 },
    },
  }
  const file = path.join(temporary(t), 'upstreams.json')
  writeFileSync(file, JSON.stringify(settings))
  const [provider] = readConfig({ UPSTREAMS: file, IDLE_TIMEOUT_S: '60' }).upstreams
  t.match(provider, {
    name: 'my-acme_2',
    apiKeyEnv: 'ACME_KEY',
    any: true,
    models: [
      { id: 'a', longRunning: false, way: 'block', fallbacks: [] },
      { id: 'org/b:free', longRunning: true, way: 'poll', timeoutS: 600, fallbacks: ['sonnet', 'my-acme_2/a'] },
    ],
    timeouts: { connect: 0.5, firstByte: 60, idle: 60 },
    maxConcurrent: 100,
    headers: {},
  })
  t.equal(provider!.baseUrl.host, '127.0.0.1:1')
  t.strictSame(readConfig({}).upstreams, [])
  t.end()
})

await t.test('what ends the start', (t) => {
  const bad: [unknown, RegExp][] = [
    ['{', /is not valid JSON/],
    ['/no/such/file', /readable file of it \(ENOENT\)/],
    ['{"a": {"base_url": "s3cret"', /is not valid JSON/],
    [{ a: {} }, /^UPSTREAMS: a\.base_url: /],
    [{ a: { ...base, key: 's3cret' } }, /a\.key: there is no such member/],
    [{ a: { ...base, max_concurent: 1 } }, /a\.max_concurent: there is no such member; the nearest is "max_concurrent"/],
    [{ a: { ...base, base_url: 'ftp://x' } }, /a\.base_url: must be an http/],
    [{ a: { ...base, base_url: 's3cret' } }, /a\.base_url/],
    [{ a: { ...base, base_url: 'https://u:s3cret@host' } }, /must hold no password/],
    [{ a: { ...base, api_key_env: 'sk-s3cret' } }, /api_key_env: must be the name/],
    [{ a: { ...base, api_key_env: 'ANTHROPIC_API_KEY' } }, /those go to the CLI/],
    [{ a: { ...base, models: [] } }, /a\.models/],
    [{ a: { ...base, models: 'm' } }, /a\.models/],
    [{ a: { ...base, models: ['two words'] } }, /a\.models/],
    [{ a: { ...base, models: [{ id: 'm', longRunning: true }] } }, /models\[0\]\.longRunning: .*"long_running"/],
    [{ a: { ...base, models: [{ id: 'm', default: 'stream' }] } }, /models\[0\]\.default/],
    [{ a: { ...base, models: ['m', 'm'] } }, /"m" is listed by a already/],
    [{ a: base, b: base }, /b\.models: "m" is listed by a already/],
    [{ a: { ...base, models: ['Sonnet'] } }, /one of Claude's names/],
    [{ a: { ...base, models: ['anthropic/claude-sonnet-5'] } }, /one of Claude's names/],
    [{ a: { ...base, models: ['a/m'] } }, /reads as a model of the provider a/],
    [{ a: { ...base, models: [{ id: 'm', fallbacks: ['nobody'] }] } }, /fallback "nobody"/],
    [{ a: { ...base, timeouts: { idle: 400 } } }, /idle: exceeds IDLE_TIMEOUT_S \(300\)/],
    [{ a: { ...base, timeouts: { connect: 0 } } }, /timeouts\.connect/],
    [{ a: { ...base, headers: { 'Content-Type': 'x' } } }, /Content-Type/],
    [{ a: { ...base, headers: { 'x y': 'z' } } }, /header/],
    [{ a: { ...base, headers: { x: 's3cret\nb: c' } } }, /headers\.x: must be plain ASCII/],
    [{ A: base }, /lower-case/],
    [{ claude: base }, /means Claude/],
    [{ anthropic: base }, /means Claude/],
    [{ max: base }, /means Claude/],
    ['{"__proto__": {"base_url": "https://x", "models": ["m"]}}', /./],
    ['[]', /./],
    ['{"a": null}', /./],
  ]
  for (const [given, expected] of bad) {
    const line = complaint(given)
    const name = typeof given === 'string' ? given : JSON.stringify(given)
    t.match(line, expected, name)
    t.match(line, /^UPSTREAMS: /, name)
    t.notMatch(line, /s3cret|\n/, name)
  }
  t.end()
})

await t.test('as a process: one line and an exit', async (t) => {
  const server = await startServer(t, { PATH: process.env['PATH'] ?? '', UPSTREAMS: '{"a":{}}', DATA_DIR: temporary(t) })
  t.strictSame(await server.ended, { code: 1, signal: null })
  t.match(server.stderr(), /^claude-bridge: UPSTREAMS: a\.base_url: [^\n]+\n$/)
})
