import t from 'tap'
import { baseEnvironment, credentialKind, workspaceEnvironment } from '../../src/claude/process/environment.js'

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
  CLAUDE_CODE_USE_BEDROCK: '1',
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
  for (const [env, expected] of table) {
    const base = baseEnvironment(env)
    const got = workspaceEnvironment(base, credentialKind(env), folders)
    t.equal(got['CLAUDE_CONFIG_DIR'], expected, JSON.stringify(env))
    t.match(got, { TMPDIR: '/w/tmp', CLAUDE_BRIDGE_WORKSPACE: '/w', HOME: '/h' })
    t.notOk('TMPDIR' in base, 'the base is shared and stays as it is')
  }
})
