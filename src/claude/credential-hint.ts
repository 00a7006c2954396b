/** What to do about the CLI's credential, in one sentence each; the error of a request and `/health` say the same. */
import type { CredentialKind } from './process/environment.js'

/** `npx claude` would fetch another package of that name. */
const tokenHint =
  'run `npx @anthropic-ai/claude-code setup-token` (in a container: `docker run --rm -it IMAGE claude setup-token`) ' +
  'and start the server with CLAUDE_CODE_OAUTH_TOKEN set to the token it prints'

/** How to log in, where there is no credential in the environment. */
export const loginHint = `${tokenHint}, or set ANTHROPIC_API_KEY, or run \`npx @anthropic-ai/claude-code auth login\``

const renewed = (variable: string) => `start the server with ${variable} set to one that is valid`
const cloud = (name: string) => `renew the credentials of ${name} that the server's environment has`

const hints: Record<CredentialKind, string> = {
  api_key: renewed('ANTHROPIC_API_KEY'),
  auth_token: renewed('ANTHROPIC_AUTH_TOKEN'),
  oauth_token: tokenHint,
  login: loginHint,
  bedrock: cloud('Amazon Bedrock'),
  anthropic_aws: cloud('AWS'),
  vertex: cloud('Google Vertex AI'),
  anthropic_google_cloud: cloud('Google Cloud'),
  foundry: cloud('Microsoft Foundry'),
}

export function credentialHint(kind: CredentialKind): string {
  return hints[kind]
}

const names: Partial<Record<CredentialKind, string>> = {
  api_key: 'the key in ANTHROPIC_API_KEY',
  auth_token: 'the token in ANTHROPIC_AUTH_TOKEN',
  oauth_token: 'the token in CLAUDE_CODE_OAUTH_TOKEN',
  login: "the Claude CLI's stored login",
}

/** The credential in use, as a noun. */
export function credentialName(kind: CredentialKind): string {
  return names[kind] ?? "the Claude CLI's credential"
}
