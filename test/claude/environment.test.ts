import t from 'tap'
import { baseEnvironment, credentialKind, notPassed, workspaceEnvironment } from '../../src/claude/process/environment.js'

/** A host with everything on it that must stay there. */
const secrets = {
  API_KEYS: 'secret',
  OPENAI_API_KEY: 'secret',
  OPENAI_BASE_URL: 'secret',
  WEBHOOK_SECRET: 'secret',
  STORE_URL: 'secret',
  DATA_DIR: 'secret',
  DATABASE_URL: 'secret',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_PROFILE: 'secret',
  GOOGLE_APPLICATION_CREDENTIALS: 'secret',
  GITHUB_TOKEN: 'secret',
  SSH_AUTH_SOCK: 'secret',
  NODE_OPTIONS: 'secret',
  BASH_ENV: 'secret',
  LD_PRELOAD: 'secret',
  CLAUDECODE: '1',
  CLAUDE_CODE_ENTRYPOINT: 'secret',
  CLAUDE_CODE_SSE_PORT: '1234',
  CLAUDE_CODE_SESSION_ID: 'secret',
  CLAUDE_CODE_EXTRA_BODY: '{"secret":1}',
  CLAUDE_CODE_SIMPLE: '1',
  CLAUDE_CODE_API_KEY_HELPER_TTL_MS: '1',
  MAX_THINKING_TOKENS: '1',
  AI_AGENT: 'secret',
  XANTHROPIC_API_KEY: 'secret',
  anthropic_api_key: 'secret',
}

const wanted = {
  HOME: '/home/x',
  PATH: '/bin',
  LANG: 'C.UTF-8',
  LC_ALL: 'C',
  HTTPS_PROXY: 'http://proxy',
  no_proxy: 'localhost',
  NODE_EXTRA_CA_CERTS: '/ca.pem',
  SSL_CERT_FILE: '/certs',
  ANTHROPIC_API_KEY: 'key',
  ANTHROPIC_BASE_URL: 'http://api',
  ANTHROPIC_CUSTOM_HEADERS: 'x: y',
  CLAUDE_CODE_OAUTH_TOKEN: 'token',
  CLAUDE_CODE_CERT_STORE: 'bundled',
  IS_SANDBOX: '1',
  MCP_TIMEOUT: '5000',
  MCP_TOOL_TIMEOUT: '90000',
  CLAUDE_CODE_CLIENT_CERT: '/client.pem',
  CLAUDE_CODE_CLIENT_KEY: '/client.key',
  CLAUDE_CODE_CLIENT_KEY_PASSPHRASE: 'phrase',
  CLAUDE_CODE_HTTPS_PROXY: 'http://proxy',
  CLAUDE_CODE_PROXY_RESOLVES_HOSTS: '1',
  NODE_TLS_REJECT_UNAUTHORIZED: '0',
  CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS: '1',
  DISABLE_PROMPT_CACHING: '1',
  DISABLE_PROMPT_CACHING_HAIKU: '1',
}

await t.test('nothing of the host but what is needed', async (t) => {
  const env = baseEnvironment({ ...secrets, ...wanted })
  t.match(env, wanted)
  for (const name of Object.keys(secrets)) t.notOk(name in env, name)
  t.notMatch(JSON.stringify(env), 'secret')
  t.equal(env['CLAUDE_CODE_DISABLE_ATTACHMENTS'], '1', 'file mentions are shut')
})

await t.test('the host cannot open what is shut', async (t) => {
  const host = { CLAUDE_CODE_DISABLE_ATTACHMENTS: '', CLAUDE_CODE_MAX_RETRIES: '99', DISABLE_COMPACT: '0' }
  t.match(baseEnvironment(host), {
    CLAUDE_CODE_DISABLE_ATTACHMENTS: '1',
    CLAUDE_CODE_MAX_RETRIES: '2',
    DISABLE_COMPACT: '1',
  })
  t.notOk('ANTHROPIC_API_KEY' in baseEnvironment({ ANTHROPIC_API_KEY: '', HOME: undefined }), 'empty is not set')
})

await t.test('the credential, in the CLI’s order', async (t) => {
  const all = { ANTHROPIC_API_KEY: 'a', ANTHROPIC_AUTH_TOKEN: 'b', CLAUDE_CODE_OAUTH_TOKEN: 'c' }
  t.equal(credentialKind(all), 'api_key')
  t.equal(credentialKind({ ...all, ANTHROPIC_API_KEY: '' }), 'auth_token')
  t.equal(credentialKind({ CLAUDE_CODE_OAUTH_TOKEN: 'c' }), 'oauth_token')
  t.equal(credentialKind({ CLAUDE_CONFIG_DIR: '/c' }), 'login')
})

await t.test('another cloud, where it is switched on', async (t) => {
  const aws = { AWS_SECRET_ACCESS_KEY: 'aws', AWS_PROFILE: 'p', AWS_REGION: 'eu', CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1' }
  const google = {
    ...{ GOOGLE_APPLICATION_CREDENTIALS: 'g', CLOUD_ML_REGION: 'eu', VERTEX_REGION_CLAUDE_4_5_SONNET: 'us' },
    ...{ GCE_METADATA_HOST: 'h', METADATA_SERVER_DETECTION: 'none', gcloud_project: 'p' },
  }
  const azure = { AZURE_CLIENT_SECRET: 'z', AZURE_TENANT_ID: 't', IMDS_ENDPOINT: 'http://x' }
  const host = { ...aws, ...google, ...azure, ANTHROPIC_API_KEY: 'a', GITHUB_TOKEN: 'secret' }
  const table: [string, string, string, object][] = [
    ['CLAUDE_CODE_USE_BEDROCK', '1', 'bedrock', aws],
    ['CLAUDE_CODE_USE_MANTLE', 'yes', 'bedrock', aws],
    ['CLAUDE_CODE_USE_ANTHROPIC_AWS', 'on', 'anthropic_aws', aws],
    ['CLAUDE_CODE_USE_VERTEX', 'TRUE', 'vertex', google],
    ['CLAUDE_CODE_USE_FOUNDRY', '1', 'foundry', azure],
  ]
  for (const [name, value, kind, theirs] of table) {
    const env = { ...host, [name]: value }
    const passed = baseEnvironment(env)
    t.equal(credentialKind(env), kind, name)
    t.match(passed, { ...theirs, [name]: value }, name)
    for (const other of Object.keys({ ...aws, ...google, ...azure, GITHUB_TOKEN: '' })) {
      if (!Object.hasOwn(theirs, other) && other !== 'CLAUDE_CODE_SKIP_BEDROCK_AUTH') t.notOk(other in passed, `${name}: ${other}`)
    }
  }
  for (const value of ['0', '', 'false', 'off']) {
    const env = { ...host, CLAUDE_CODE_USE_BEDROCK: value }
    t.equal(credentialKind(env), 'api_key', value)
    t.notOk('AWS_PROFILE' in baseEnvironment(env), value)
  }
})

await t.test('settings of the CLI that no process gets', async (t) => {
  const session = { CLAUDECODE: '1', CLAUDE_CODE_ENTRYPOINT: 'cli', CLAUDE_CODE_SSE_PORT: '1', CLAUDE_CODE_SESSION_ID: 'x' }
  t.strictSame(notPassed({ ...session, ...wanted, PATH: '/bin', AWS_PROFILE: 'x', CLAUDE_BRIDGE_URL: 'x', CLAUDE_MODEL: 'opus' }), [])
  t.strictSame(
    notPassed({ MAX_THINKING_TOKENS: '1', CLAUDE_CODE_MAX_OUTPUT_TOKENS: '9', MAX_MCP_OUTPUT_TOKENS: '', CLAUDE_CODE_USE_GATEWAY: '1' }),
    ['CLAUDE_CODE_MAX_OUTPUT_TOKENS', 'CLAUDE_CODE_USE_GATEWAY', 'MAX_THINKING_TOKENS'],
  )
  const others = ['API_TIMEOUT_MS', 'CLAUDE_STREAM_IDLE_TIMEOUT_MS', 'DISABLE_INTERLEAVED_THINKING', 'ENABLE_PROMPT_CACHING_1H']
  t.strictSame(notPassed(Object.fromEntries(others.map((name) => [name, '1']))), others)
})

await t.test('the configuration folder is the workspace’s, but for a login in a file', async (t) => {
  const folders = { root: '/w', config: '/w/config', tmp: '/w/tmp' }
  const host = { HOME: '/h', CLAUDE_CONFIG_DIR: '/users/own', TMPDIR: '/elsewhere' }
  const table: [NodeJS.ProcessEnv, string | undefined][] = [
    [{ ...host, ANTHROPIC_API_KEY: 'a' }, '/w/config'],
    [{ ...host, ANTHROPIC_AUTH_TOKEN: 'a' }, '/w/config'],
    [{ ...host, CLAUDE_CODE_OAUTH_TOKEN: 'a' }, '/w/config'],
    [host, '/users/own'],
    [{ HOME: '/h' }, undefined],
    [{ HOME: '/h', CLAUDE_CONFIG_DIR: '' }, undefined],
  ]
  const elsewhere = { CLAUDE_SECURESTORAGE_CONFIG_DIR: '/secure' }
  t.match(baseEnvironment({ ...host, ...elsewhere }), elsewhere)
  t.notOk('CLAUDE_SECURESTORAGE_CONFIG_DIR' in baseEnvironment({ ...host, ...elsewhere, ANTHROPIC_API_KEY: 'a' }))
  for (const [env, expected] of table) {
    const base = baseEnvironment(env)
    const got = workspaceEnvironment(base, credentialKind(env), folders)
    t.equal(got['CLAUDE_CONFIG_DIR'], expected, JSON.stringify(env))
    t.match(got, { TMPDIR: '/w/tmp', CLAUDE_BRIDGE_WORKSPACE: '/w', HOME: '/h' })
    t.notOk('TMPDIR' in base, 'the base is shared and stays as it is')
  }
})
