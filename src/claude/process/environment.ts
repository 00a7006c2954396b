/**
 * What a CLI process inherits: what it needs and no more. The bridge's own keys, an outer CLI session's variables and
 * anything else of the host stay out.
 */
import { type CloudKind, cloudOf, isForCloud } from './clouds.js'

/** A cloud's own credentials are its SDK's matter. */
export type CredentialKind = 'api_key' | 'auth_token' | 'oauth_token' | 'login' | CloudKind

/** Passed on as they are: the provider's settings, proxies, certificates, locale; `docs/claude-cli.md` lists them. */
const passed = [
  'HOME',
  'PATH',
  'LANG',
  'LANGUAGE',
  'TZ',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CLAUDE_CODE_OAUTH_TOKEN',
  // how the CLI's connections are made, beside the common names of proxies and certificates
  'CLAUDE_CODE_HTTP_PROXY',
  'CLAUDE_CODE_HTTPS_PROXY',
  'CLAUDE_CODE_PROXY_RESOLVES_HOSTS',
  'CLAUDE_CODE_DISABLE_PROXY_SCHEME_REPAIR',
  'CLAUDE_CODE_CLIENT_CERT',
  'CLAUDE_CODE_CLIENT_KEY',
  'CLAUDE_CODE_CLIENT_KEY_PASSPHRASE',
  'CLAUDE_CODE_CERT_STORE',
  'CLAUDE_CODE_DISABLE_LOOPED_CROSS_CERT_DROP',
  'CLAUDE_CODE_DISABLE_SELF_NAMED_CERT_DROP',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  // what a gateway or another cloud may refuse of Anthropic's own API
  'CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS',
  'DISABLE_PROMPT_CACHING',
  // without it the CLI refuses some modes as root, in a container above all
  'IS_SANDBOX',
  // how long a server of MCP may take to connect, and a call of its tools, in milliseconds
  'MCP_TIMEOUT',
  'MCP_TOOL_TIMEOUT',
]

/** Set on every process; each line is a measured fact of the CLI. */
const fixed: Record<string, string> = {
  // `@/any/path` in a text would be read and sent to the model
  CLAUDE_CODE_DISABLE_ATTACHMENTS: '1',
  // no telemetry, feature flags, bootstrap or update calls
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  // ten retries take three minutes; two take under two seconds
  CLAUDE_CODE_MAX_RETRIES: '2',
  // a broken stream would be asked again without streaming, and its text come twice
  CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
  // a long conversation would be summarised by calls that no client asked for; the limit is the local check that comes with it
  DISABLE_COMPACT: '1',
  CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: '99000000',
  // a refusal would be asked again
  CLAUDE_CODE_DISABLE_REFUSAL_RETRY: '1',
  // MCP servers would inherit everything here, the API key included
  CLAUDE_CODE_MCP_ALLOWLIST_ENV: '1',
  // a tool's description would be cut at 4,096 characters; see also mcp/job/whole-description.ts
  CLAUDE_CODE_MAX_MCP_DESCRIPTION_LENGTH: '99000000',
}

/** Where the CLI keeps its settings, and its credentials if it is another folder. */
const foldersOfALogin = ['CLAUDE_CONFIG_DIR', 'CLAUDE_SECURESTORAGE_CONFIG_DIR']

/** Which credential the CLI will use, in the CLI's own order of preference. */
export function credentialKind(env: NodeJS.ProcessEnv): CredentialKind {
  const cloud = cloudOf(env)
  if (cloud !== null) return cloud
  if (env['ANTHROPIC_API_KEY']) return 'api_key'
  if (env['ANTHROPIC_AUTH_TOKEN']) return 'auth_token'
  if (env['CLAUDE_CODE_OAUTH_TOKEN']) return 'oauth_token'
  return 'login'
}

/** The environment of every CLI process, before what belongs to one workspace is added. */
export function baseEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '') continue
    if (isPassed(name, env)) result[name] = value
  }
  // only a login kept in a file needs the user's own folders; see workspaceEnvironment
  if (credentialKind(env) === 'login') {
    for (const name of foldersOfALogin) if (env[name]) result[name] = env[name]
  }
  return { ...result, ...fixed }
}

function isPassed(name: string, env: NodeJS.ProcessEnv): boolean {
  return passed.includes(name) || /^(?:ANTHROPIC_|LC_|DISABLE_PROMPT_CACHING_)/.test(name) || isForCloud(name, env)
}

/** Settings of the CLI: names that it or its users give to such. */
const ofTheCli =
  /^(?:CLAUDE_(?:CODE|ENABLE|STREAM|BYTE_STREAM|AUTOCOMPACT)_|MCP_|MAX_(?:MCP_|THINKING_TOKENS$|STRUCTURED_OUTPUT_RETRIES$)|DISABLE_|ENABLE_(?:TOOL_SEARCH$|PROMPT_CACHING_|CLAUDEAI_)|API_(?:TIMEOUT_MS|FORCE_IDLE_TIMEOUT)$|USE_API_CONTEXT_MANAGEMENT$)/
/** What a CLI session sets for the programs that it starts: not the user's word. */
const ofASession = /^CLAUDE_CODE_(?:ENTRYPOINT|SSE_PORT|SESSION_ID|EXECPATH|SESSION_ACCESS_TOKEN|REMOTE.*|TMPDIR|CHILD_SESSION)$/

/** Settings of the CLI in the host's environment that no process gets, by name: a job sets them itself, or its answer would not be the request's. */
export function notPassed(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .filter((name) => env[name] && ofTheCli.test(name) && !ofASession.test(name) && !isPassed(name, env))
    .toSorted()
}

/** Marks every process of a workspace, so that whatever a killed server leaves can be found and ended. */
export const workspaceMarker = 'CLAUDE_BRIDGE_WORKSPACE'

/**
 * Adds what ties a process to its workspace. With a credential in the environment the CLI gets a configuration folder of
 * its own, so parallel processes share nothing; a login in a file stays where the CLI can refresh its token.
 */
export function workspaceEnvironment(
  base: Record<string, string>,
  kind: CredentialKind,
  folders: { root: string; config: string; tmp: string },
): Record<string, string> {
  return {
    ...base,
    ...(kind === 'login' ? {} : { CLAUDE_CONFIG_DIR: folders.config }),
    TMPDIR: folders.tmp,
    [workspaceMarker]: folders.root,
  }
}
