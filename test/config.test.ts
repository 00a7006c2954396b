import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { nameOfKey } from '../src/api-keys.js'
import { type Config, ConfigError, isLoopback, readConfig } from '../src/config.js'

/** The line that a start with this environment ends with; null if it does not. */
function complaint(env: NodeJS.ProcessEnv): string | null {
  try {
    readConfig(env)
    return null
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

await t.test('nothing set: the defaults of the contract', async (t) => {
  const config = readConfig({})
  t.hasStrict(config, {
    host: '127.0.0.1',
    bothLoopbacks: true,
    port: 3010,
    apiKeys: [],
    dataDir: path.resolve('.data'),
    claudeBin: undefined,
    claudeModel: 'sonnet',
    maxQueued: 100,
    warmProcesses: 1,
    drainS: 5,
    jobTimeoutS: 1800,
    idleTimeoutS: 300,
    taskTtlS: 86_400,
    logLevel: 'info',
  })
  t.ok(Number.isInteger(config.maxConcurrent) && config.maxConcurrent >= 1 && config.maxConcurrent <= 64)
  t.ok(config.maxConcurrent <= os.availableParallelism() * 4)
  t.ok(Object.isFrozen(config))
  t.strictSame(readConfig({ PATH: '/bin', HOME: '/root', ANTHROPIC_API_KEY: 'x' }), config, 'other variables are no matter')
})

await t.test('an empty variable is one that is not set', async (t) => {
  const names = ['HOST', 'PORT', 'API_KEYS', 'ALLOW_ANONYMOUS', 'DATA_DIR', 'STORE_URL', 'CLAUDE_BIN', 'CLAUDE_MODEL']
  const more = [
    'MAX_CONCURRENT',
    'MAX_QUEUED',
    'JOB_TIMEOUT_S',
    'IDLE_TIMEOUT_S',
    'TASK_TTL_S',
    'LOG_LEVEL',
    'UPSTREAMS',
    'MCP_CONFIG',
    'MCP_ALLOW',
  ]
  t.strictSame(readConfig(Object.fromEntries([...names, ...more].map((name) => [name, '']))), readConfig({}))
})

const good: { env: NodeJS.ProcessEnv; gives: Partial<Config> }[] = [
  { env: { PORT: '0' }, gives: { port: 0 } },
  { env: { PORT: '65535' }, gives: { port: 65_535 } },
  { env: { MAX_QUEUED: '0' }, gives: { maxQueued: 0 } },
  { env: { WARM_PROCESSES: '0' }, gives: { warmProcesses: 0 } },
  { env: { MAX_CONCURRENT: '1' }, gives: { maxConcurrent: 1 } },
  { env: { MAX_CONCURRENT: '1000' }, gives: { maxConcurrent: 1000 } },
  { env: { DRAIN_S: '0' }, gives: { drainS: 0 } },
  { env: { JOB_TIMEOUT_S: '1', IDLE_TIMEOUT_S: '604800' }, gives: { jobTimeoutS: 1, idleTimeoutS: 604_800 } },
  { env: { WORKSPACE_MAX_MB: '1', WORKSPACE_MAX_FILES: '5' }, gives: { workspaceLimits: { bytes: 1_048_576, files: 5 } } },
  { env: { TASK_TTL_S: '60' }, gives: { taskTtlS: 60 } },
  { env: { DATA_DIR: '/var/lib/x' }, gives: { dataDir: '/var/lib/x' } },
  { env: { DATA_DIR: 'a/../b' }, gives: { dataDir: path.resolve('b') } },
  { env: { STORE_URL: 'redis://user:secret@host:6380/1' }, gives: { storeUrl: 'redis://user:secret@host:6380/1' } },
  { env: { STORE_URL: 'rediss://host', FILES_DIR: 'a/../b' }, gives: { storeUrl: 'rediss://host', filesDir: path.resolve('b') } },
  { env: { STORE_URL: 'redis://host', MAX_CONCURRENT_TOTAL: '40' }, gives: { maxConcurrentTotal: 40 } },
  { env: { CLAUDE_BIN: '/opt/claude' }, gives: { claudeBin: '/opt/claude' } },
  { env: { CLAUDE_MODEL: 'claude-opus-4.5-20251101' }, gives: { claudeModel: 'claude-opus-4.5-20251101' } },
  { env: { CLAUDE_MODEL: 'sonnet[1m]' }, gives: { claudeModel: 'sonnet[1m]' } },
  { env: { LOG_LEVEL: 'silent' }, gives: { logLevel: 'silent' } },
  { env: { HOST: 'localhost' }, gives: { host: 'localhost', bothLoopbacks: true } },
  { env: { HOST: '::1' }, gives: { host: '::1', bothLoopbacks: false } },
  { env: { HOST: '127.8.9.10' }, gives: { host: '127.8.9.10' } },
  { env: { HOST: '0.0.0.0', ALLOW_ANONYMOUS: '1' }, gives: { host: '0.0.0.0', apiKeys: [] } },
  {
    env: { HOST: '0.0.0.0', API_KEYS: 'bob:sixteen-letters!' },
    gives: { host: '0.0.0.0', apiKeys: [{ name: 'bob', key: 'sixteen-letters!' }] },
  },
  {
    env: { API_KEYS: ' sk-a , bob:sk-b,ci.job-2:sk:with:colons ' },
    gives: {
      apiKeys: [
        // printf %s sk-a | sha256sum
        { name: 'key_a4a6d307ad00fa67', key: 'sk-a' },
        { name: 'bob', key: 'sk-b' },
        { name: 'ci.job-2', key: 'sk:with:colons' },
      ],
    },
  },
]
for (const { env, gives } of good) t.hasStrict(readConfig(env), gives, JSON.stringify(env))

t.hasStrict(readConfig({ ALLOWED_HOSTS: 'Bridge.Example, other', ALLOWED_ORIGINS: 'https://App.example:443,chrome-extension://abc' }), {
  allowedHosts: ['bridge.example', 'other'],
  allowedOrigins: ['https://app.example', 'chrome-extension://abc'],
})

const notNumbers = ['-1', '1.5', '1e3', '0x10', ' 5', '5 ', 'ten', 'NaN', 'Infinity', '9'.repeat(30), '٣', '1\n2']
const outOfRange: Record<string, string[]> = {
  PORT: ['65536'],
  MAX_CONCURRENT: ['0', '1001'],
  MAX_QUEUED: ['1000001'],
  WARM_PROCESSES: ['65'],
  JOB_TIMEOUT_S: ['0', '604801'],
  IDLE_TIMEOUT_S: ['0', '604801'],
  TASK_TTL_S: ['0', '31536001'],
}
const bad: [variable: string, env: NodeJS.ProcessEnv][] = [
  ...Object.entries(outOfRange).flatMap(([name, values]) =>
    [...notNumbers, ...values].map((value): [string, NodeJS.ProcessEnv] => [name, { [name]: value }]),
  ),
  ['ALLOW_ANONYMOUS', { ALLOW_ANONYMOUS: 'true' }],
  ['ALLOW_ANONYMOUS', { ALLOW_ANONYMOUS: '2' }],
  ['CLAUDE_MODEL', { CLAUDE_MODEL: '--dangerously' }],
  ['CLAUDE_MODEL', { CLAUDE_MODEL: 'two words' }],
  ['CLAUDE_MODEL', { CLAUDE_MODEL: 'a/b' }],
  ['CLAUDE_MODEL', { CLAUDE_MODEL: 'sonnet\nHOST' }],
  ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
  ['LOG_LEVEL', { LOG_LEVEL: 'INFO' }],
  ['ALLOWED_HOSTS', { ALLOWED_HOSTS: '*' }],
  ['ALLOWED_HOSTS', { ALLOWED_HOSTS: 'https://bridge.example' }],
  ['ALLOWED_HOSTS', { ALLOWED_HOSTS: 'a,two\nlines' }],
  ['ALLOWED_ORIGINS', { ALLOWED_ORIGINS: 'null' }],
  ['ALLOWED_ORIGINS', { ALLOWED_ORIGINS: '*' }],
  ['ALLOWED_ORIGINS', { ALLOWED_ORIGINS: 'https://app.example/' }],
  ['HOST', { HOST: '0.0.0.0' }],
  ['HOST', { HOST: '::' }],
  ['HOST', { HOST: '192.168.0.1' }],
  ['HOST', { HOST: 'example.com', ALLOW_ANONYMOUS: '0' }],
  ['HOST', { HOST: '127.0.0.1.example.com' }],
  ['HOST', { HOST: 'two\nlines' }],
  ['STORE_URL', { STORE_URL: 'postgres://user:s3cret@host' }],
  ['STORE_URL', { STORE_URL: 'user:s3cret@host' }],
  ['STORE_URL', { STORE_URL: 'redis://user:s3cret@' }],
  ['MAX_CONCURRENT_TOTAL', { MAX_CONCURRENT_TOTAL: '4' }],
  ['MAX_CONCURRENT_TOTAL', { MAX_CONCURRENT_TOTAL: '0', STORE_URL: 'redis://user:s3cret@host' }],
  ['UPSTREAMS', { UPSTREAMS: '{"x":{"key":"s3cret"}}' }],
  ['MCP_CONFIG', { MCP_CONFIG: './none.json' }],
  ['MCP_ALLOW', { MCP_ALLOW: 'all' }],
  ['WORKSPACE_MAX_MB', { WORKSPACE_MAX_MB: '0' }],
  ['SAMPLING', { SAMPLING: 'maybe' }],
  ['WEBHOOK_SECRET', { WEBHOOK_SECRET: 's3cret' }],
  ['WEBHOOK_SECRET', { WEBHOOK_SECRET: 'whsec_s3cret' }],
  ['WEBHOOK_SECRET', { WEBHOOK_SECRET: `whsec_${Buffer.alloc(23).toString('base64')}` }],
  ['WEBHOOK_SECRET', { WEBHOOK_SECRET: `whsec_${Buffer.alloc(65).toString('base64')}` }],
  ['WEBHOOK_SECRET', { WEBHOOK_SECRET: `s3cret${'é'.repeat(20)}` }],
  ['WEBHOOK_ALLOWED_HOSTS', { WEBHOOK_ALLOWED_HOSTS: 'example.com,' }],
  ['WEBHOOK_ALLOWED_HOSTS', { WEBHOOK_ALLOWED_HOSTS: '*' }],
  ['WEBHOOK_ALLOWED_HOSTS', { WEBHOOK_ALLOWED_HOSTS: 'a.*.com' }],
  ['WEBHOOK_ALLOWED_HOSTS', { WEBHOOK_ALLOWED_HOSTS: '*.127.0.0.1' }],
  ['WEBHOOK_ALLOWED_HOSTS', { WEBHOOK_ALLOWED_HOSTS: 'https://example.com' }],
  ['WEBHOOK_ALLOWED_HOSTS', { WEBHOOK_ALLOWED_HOSTS: 'example.com/path' }],
  ['WEBHOOK_ALLOWED_HOSTS', { WEBHOOK_ALLOWED_HOSTS: 'user@example.com' }],
  ['WEBHOOK_ALLOWED_HOSTS', { WEBHOOK_ALLOWED_HOSTS: 'example.com:0' }],
  ['WEBHOOK_ALLOWED_HOSTS', { WEBHOOK_ALLOWED_HOSTS: 'example.com:70000' }],
  ['WEBHOOK_ALLOWED_HOSTS', { WEBHOOK_ALLOWED_HOSTS: '::1' }],
  ['API_KEYS', { API_KEYS: ',' }],
  ['API_KEYS', { API_KEYS: 's3cret,' }],
  ['API_KEYS', { API_KEYS: 's3cret,,other' }],
  ['API_KEYS', { API_KEYS: 'bob:' }],
  ['API_KEYS', { API_KEYS: ':s3cret' }],
  ['API_KEYS', { API_KEYS: 'bob smith:s3cret' }],
  ['API_KEYS', { API_KEYS: `${'n'.repeat(65)}:s3cret` }],
  ['API_KEYS', { API_KEYS: 'a:s3cret,b:s3cret' }],
  ['API_KEYS', { API_KEYS: 'bob:s3cret-old,bob:s3cret-new' }],
  ['API_KEYS', { API_KEYS: 's3cret,anonymous:s3cret-two' }],
  ['API_KEYS', { API_KEYS: 's3cret,key-1:s3cret-two' }],
  ['API_KEYS', { API_KEYS: `s3cret,${nameOfKey('s3cret')}:s3cret-two` }],
  ['API_KEYS', { API_KEYS: 'key_0123456789abcdef:s3cret' }],
  ['API_KEYS', { API_KEYS: 's3cret', HOST: '0.0.0.0' }],
  ['API_KEYS', { API_KEYS: 'ann:s3cret-of-sixteen,bob:s3cret', HOST: '192.168.0.1' }],
  ['API_KEYS', { API_KEYS: `ann:s3cret${'x'.repeat(9)}`, HOST: '::', ALLOW_ANONYMOUS: '1' }],
  // no Authorization header can carry these, so nobody would ever get in
  ['API_KEYS', { API_KEYS: 'bob:s3cret two' }],
  ['API_KEYS', { API_KEYS: 's3cret\nother' }],
  ['API_KEYS', { API_KEYS: 's3crét' }],
]
await t.test('a bad value ends the start with one line that names the variable', async (t) => {
  for (const [variable, env] of bad) {
    const line = complaint(env)
    const name = JSON.stringify(env)
    if (line === null) {
      t.fail(`${name} is accepted`)
      continue
    }
    t.ok(line.startsWith(`${variable}: `), `${name}: ${line}`)
    t.notMatch(line, /\n/, `${name}: one line`)
    t.notMatch(line, /s3cr/, `${name}: no secret`)
  }
})

await t.test('a secret is not printed when something else is wrong', async (t) => {
  for (const env of [{ PORT: 'x' }, { HOST: '0.0.0.0 ' }, { LOG_LEVEL: 'x' }, { MAX_QUEUED: 'x' }]) {
    const line = complaint({ ...env, API_KEYS: 'bob:s3cret', ANTHROPIC_API_KEY: 's3cret' })
    t.notMatch(line ?? '', /s3cret/)
  }
})

await t.test('loopback', async (t) => {
  for (const host of ['127.0.0.1', '127.255.255.254', '::1', 'localhost']) t.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '', '128.0.0.1', '127.0.0', 'localhost.example.com', '10.0.0.1']) {
    t.notOk(isLoopback(host), host)
  }
})
