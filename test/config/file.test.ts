/** `CONFIG`: what the file says, what the environment puts in its place, and what ends the start. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { ConfigError, readConfig } from '../../src/config.js'
import { temporary } from '../helper-server.js'

const folder = temporary(t)
let files = 0

function withFile(text: string, env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const file = path.join(folder, `config-${(files += 1)}.yaml`)
  writeFileSync(file, text)
  return { ...env, CONFIG: file }
}

function complaint(text: string, env: NodeJS.ProcessEnv = {}): string {
  try {
    readConfig(withFile(text, env))
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'accepted'
}

const whole = `
server:
  host: 127.0.0.2
  port: 4000
  data_dir: state
  max_concurrent: 3
  process_per_job: true
  sampling: pass
  stored_mb: 2
  webhook_allowed_hosts: [example.com]
  admin_key: a-key-of-the-operator
models:
  default: opus
  opus: { way: poll, timeout_s: 60, price: { input: 4, output: 20, cache_read: 0.2 } }
  acme/a: { timeout_s: 5 }
aliases:
  my-opus: opus
  gpt-4o: a
keys:
  - { name: ann, key: key-of-ann }
  - { key_file: secrets/bob }
limits:
  default: { requests_per_minute: 60, usd_per_day: 1.5 }
  keys:
    ann: { running: 2 }
providers:
  acme: { base_url: 'https://acme.example/v1', models: [a] }
mcp: { config: registry.json, allow: any, start_timeout_s: 3 }
origins: [https://app.example]
hosts: [bridge.example]
`
mkdirSync(path.join(folder, 'secrets'))
writeFileSync(path.join(folder, 'secrets/bob'), 'key-of-bob\n')
writeFileSync(path.join(folder, 'registry.json'), '{"mcpServers": {"x": {"command": "x"}}}')

await t.test('every part', (t) => {
  const config = readConfig(withFile(whole))
  t.hasStrict(config, {
    host: '127.0.0.2',
    port: 4000,
    dataDir: path.join(folder, 'state'),
    maxConcurrent: 3,
    processPerJob: true,
    passSampling: true,
    storedBytes: 2 * 1024 * 1024,
    webhookHosts: [{ name: 'example.com' }],
    adminKey: 'a-key-of-the-operator',
    claudeModel: 'opus',
    limits: { default: { requests_per_minute: 60, usd_per_day: 1.5 }, keys: { ann: { running: 2 } } },
    mcpStartTimeoutS: 3,
    allowedOrigins: ['https://app.example'],
    allowedHosts: ['bridge.example'],
    maxQueued: 100,
  })
  t.strictSame(
    [...config.aliases],
    [
      ['my-opus', 'opus'],
      ['gpt-4o', 'a'],
    ],
  ) // prettier-ignore
  t.strictSame(
    [...config.models],
    [
      ['opus', { way: 'poll', timeoutS: 60 }],
      ['acme/a', { timeoutS: 5 }],
    ],
  )
  t.strictSame([...config.prices], [['opus', { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5, hourCacheWrite: 8 }]])
  t.match(config.apiKeys, [
    { name: 'ann', key: 'key-of-ann' },
    { name: /^key_/, key: 'key-of-bob' },
  ]) // prettier-ignore
  t.match(config.upstreams, [{ name: 'acme' }])
  t.strictSame([...config.mcp.rules.registry.keys()], ['x'])
  t.equal(config.mcp.rules.allowAny, true)
  t.ok(Object.isFrozen(config))
  t.end()
})

await t.test('JSON, and an empty file', (t) => {
  t.equal(readConfig(withFile('{"server": {"port": 4001}}')).port, 4001)
  t.strictSame(readConfig(withFile('# nothing\n')), readConfig({}))
  t.strictSame(readConfig(withFile('limits: {}')).limits, { default: {}, keys: {} })
  t.end()
})

await t.test('the environment wins, for a member as a whole', (t) => {
  const env = {
    ...{ PORT: '4002', API_KEYS: 'cid:key-of-cid', CLAUDE_MODEL: 'haiku', MODEL_ALIASES: 'x=haiku, y = acme2/b', SAMPLING: 'ignore' },
    UPSTREAMS: '{"acme2": {"base_url": "https://acme.example/v1", "models": ["b"]}}',
    ...{ MCP_ALLOW: 'registry', ALLOWED_HOSTS: 'other.example', ADMIN_KEY: 'another-key-of-the-operator', PROCESS_PER_JOB: '0' },
  }
  const config = readConfig(withFile(whole.replace('acme/a:', 'sonnet:'), env))
  t.match(config, {
    ...{ port: 4002, apiKeys: [{ name: 'cid' }], claudeModel: 'haiku', passSampling: false, processPerJob: false },
    ...{ adminKey: 'another-key-of-the-operator', allowedHosts: ['other.example'], allowedOrigins: ['https://app.example'] },
    upstreams: [{ name: 'acme2' }],
  })
  t.equal(config.apiKeys.length, 1)
  t.strictSame(Object.fromEntries(config.aliases), { x: 'haiku', y: 'acme2/b' })
  t.equal(config.mcp.rules.allowAny, false)
  t.equal(config.maxConcurrent, 3, 'what the environment does not name')
  t.equal(readConfig(withFile(whole, { PORT: '' })).port, 4000, 'an empty variable is not set')
  t.end()
})

await t.test('what ends the start', (t) => {
  const bad: [text: string, line: RegExp, env?: NodeJS.ProcessEnv][] = [
    ['models: {opus: {wy: poll}}', /^CONFIG: models\.opus\.wy: there is no such member; the nearest is "way"$/],
    ['sever: {}', /^CONFIG: sever: .*"server"/],
    ['server: {prot: 1}', /^CONFIG: server\.prot: .*"port"/],
    ['limits: {keys: {ann: {usd_per_dy: 1}}}', /^CONFIG: limits\.keys\.ann\.usd_per_dy: .*"usd_per_day"/],
    ['keys: [{name: a, kye: s3cret}]', /^CONFIG: keys\[0\]\.kye: .*"key"/],
    ['models: {opus: {price: {input: 1, output: 2, cash: 1}}}', /^CONFIG: models\.opus\.price\.cash: there is no such member$/],
    ['providers: {a: {base_ulr: x, models: [m]}}', /^CONFIG: providers\.a\.base_url: /],
    ['providers: {a: {base_url: "https://x", models: [m], hedders: {}}}', /^CONFIG: providers\.a\.hedders: .*"headers"/],
    ['providers: {a: {base_url: "ftp://x", models: [m]}}', /^CONFIG: providers: a\.base_url: must be an http/],
    ['server: {port: 70000}', /^CONFIG: server\.port: must be at most 65535$/],
    ['server: {port: "3010"}', /^CONFIG: server\.port: must be a whole number from 0 to 65535$/],
    ['server: {process_per_job: 1}', /^CONFIG: server\.process_per_job: must be true or false$/],
    ['server: []', /^CONFIG: server: /],
    ['server: 3', /^CONFIG: server: /, { PORT: '1' }],
    ['models: {opuss: {way: poll}}', /^CONFIG: models\.opuss: there is no model "opuss"; the nearest is "opus"$/],
    ['models: {max/x: {way: poll}}', /^CONFIG: models\.max\/x: /],
    ['models: {opus: {way: poll}, Claude/Opus: {way: poll}}', /^CONFIG: models\.Claude\/Opus: the same model/],
    ['models: {opus: {way: stream}}', /^CONFIG: models\.opus\.way: must be block or poll$/],
    ['models: {default: two words}', /^CONFIG: models\.default: must be a model name/],
    ['aliases: {x: sonet}', /^CONFIG: aliases\.x: there is no model "sonet"; the nearest is "sonnet"$/],
    ['aliases: {opus: haiku}', /^CONFIG: aliases\.opus: is the name of a model already$/],
    ['aliases: {x: opus, y: x}', /^CONFIG: aliases\.y: "x" is an alias itself/],
    ['', /^MODEL_ALIASES: x: there is no model "nobody"$/, { MODEL_ALIASES: 'x=nobody' }],
    ['', /^MODEL_ALIASES: write entries as in my-opus=opus/, { MODEL_ALIASES: 'x' }],
    ['', /^MODEL_ALIASES: "x" stands there twice$/, { MODEL_ALIASES: 'x=opus,x=haiku' }],
    ['keys: [{name: a}]', /^CONFIG: keys\[0\]: must have one of key and key_file$/],
    ['keys: [{name: a, key: s3cret, key_file: x}]', /^CONFIG: keys\[0\]: must have one of/],
    ['keys: [{name: a b, key: s3cret}]', /^CONFIG: keys\[0\] must be/],
    ['keys: [{name: a, key: s3cret}]\nserver: {host: 0.0.0.0}', /^CONFIG: keys\[0\] has fewer than 16 characters/],
    ['keys: [{name: a, key_file: nowhere}]', /^CONFIG: keys\[0\]\.key_file: the file cannot be read \(ENOENT\)$/],
    ['server: {admin_key: s3cret-of-sixteen!, admin_key_file: x}', /^CONFIG: server\.admin_key_file: server\.admin_key is there as well/],
    ['server: {admin_key: s3cret}', /^CONFIG: server\.admin_key: must have 16 characters/],
    ['server: {webhook_secret: s3cret}', /^CONFIG: server\.webhook_secret: must be/],
    ['server: {store_url: "postgres://s3cret@x"}', /^CONFIG: server\.store_url: must be redis:.*, and not postgres:/],
    ['server: {max_concurrent_total: 4}', /^CONFIG: server\.max_concurrent_total: it is for several servers/],
    ['server: {host: 0.0.0.0}', /^CONFIG: server\.host: "0\.0\.0\.0" is reachable/],
    ['mcp: {config: none.json}', /^CONFIG: mcp\.config: none\.json cannot be read/],
    ['origins: ["*"]', /^CONFIG: origins: "\*" is no origin/],
    ['hosts: bridge.example', /^CONFIG: hosts: must be a list of texts$/],
    ['limits: {default: {running: -1}}', /^CONFIG: limits\.default\.running: must not be negative$/],
    ['a: b: s3cret', /^CONFIG: line 1, column \d+ is neither YAML nor JSON/],
    ['{"server": {"port": 1,, "x": "s3cret"}}', /^CONFIG: line 1, column \d+ is neither/],
    ['server: !s3cret {port: 1}', /^CONFIG: line 1, column \d+ /],
    ['server: {port: 1}\nserver: {port: 2}', /^CONFIG: line 2, column 1 .*duplicate key/],
    ['--- {}\n--- {}', /^CONFIG: the file holds more than one document/],
    ['[s3cret]', /^CONFIG: the file must be an object/],
    ['__proto__: {server: {}}', /__proto__ is no name/],
    ['server: &it {port: [*it]}', /an alias of the file names what it stands in/],
    ['limits: {keys: {__proto__: {running: 1}}}', /__proto__ is no name/],
    [`a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`, /^CONFIG: /],
  ]
  for (const [text, expected, env] of bad) {
    const line = complaint(text, env)
    t.match(line, expected, text)
    t.notMatch(line, /s3cret|\n/, text)
  }
  t.throws(() => readConfig({ CONFIG: path.join(folder, 'nowhere') }), {
    name: 'ConfigError',
    message: /^CONFIG: the file cannot be read \(ENOENT\)$/,
  })
  t.throws(() => readConfig({ CONFIG: folder }), { name: 'ConfigError', message: /^CONFIG: the file cannot be read \(EISDIR\)$/ })
  t.end()
})
