/**
 * A launch profile: everything that a process's arguments and environment fix, and so what cannot change once it runs. What
 * one request needs beyond it (system prompt, limits, history) goes over stdin, never into arguments.
 */
import type { ClaudeRequest } from '../../request/conversation.js'
import { fileTools } from '../../../mcp/job/tool-names.js'
import type { CredentialKind } from './environment.js'
import type { FieldsAt } from '../turn/field-places.js'
import { clientServer } from '../protocol/tool-names.js'

export interface LaunchProfile {
  /** equal keys: processes that can stand in for each other */
  key: string
  args: readonly string[]
  model: string
  /** whether the answers are to follow a schema, which is said to a process before anything else */
  output: boolean
}

/**
 * The lean profile for plain chat: none of the CLI's tools, prompts, settings or files.
 *
 * `--bare` also drops the environment notes (folder, platform, date) that the CLI adds to a conversation, but it never reads
 * an OAuth token or a stored login, so it goes with keys, bearer tokens and clouds only; nor does it have all of the file tools. Those are
 * fixed at the start as well, and held inside the working directory by the rules that allow them.
 */
export function chatProfile(
  { model, effort, inside, output }: Pick<ClaudeRequest, FieldsAt<'launch'>>,
  credential: CredentialKind,
): LaunchProfile {
  const tools = inside?.fileTools.toSorted() ?? []
  const bare = tools.length === 0 && credential !== 'oauth_token' && credential !== 'login'
  const rules = new Set(tools.map((tool) => fileTools[tool]!))
  const args = [
    '-p',
    '--input-format=stream-json',
    '--output-format=stream-json',
    '--verbose',
    '--include-partial-messages',
    '--strict-mcp-config',
    `--tools=${tools.join(',')}`,
    '--setting-sources=',
    '--disable-slash-commands',
    '--no-session-persistence',
    '--permission-mode=dontAsk',
    // the client's functions, which are answered and never run here
    `--allowedTools=${[`mcp__${clientServer}`, ...rules].join(',')}`,
    // the CLI's own prompt stays out; the request's replaces this one over the control channel
    '--system-prompt=',
    `--model=${model}`,
  ]
  // set later, over the control channel, 2.1.329 writes a system message without content into a replayed history
  if (effort !== undefined) args.push(`--effort=${effort === 'none' ? 'low' : effort}`)
  if (bare) args.push('--bare')
  const key = args.join(' ')
  return { key: output === undefined ? key : `${key} +output`, args, model, output: output !== undefined }
}
