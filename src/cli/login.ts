/** `login`: the Claude CLI's own, in this terminal. */
import { locateBinary } from '../claude/process/binary.js'
import { runInForeground } from '../claude/process/in-foreground.js'
import { withSecretFiles } from '../config/secret-files.js'
import { CommandError, exits } from './exits.js'
import { note } from './terminal.js'

/** Variables that the CLI takes in place of a stored login. */
const instead = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN']

/** @param token a token that lasts a year is printed, for `CLAUDE_CODE_OAUTH_TOKEN`, in place of a stored login. Resolves with the CLI's exit code */
export async function login(env: NodeJS.ProcessEnv, { token }: { token?: boolean }): Promise<number> {
  const { path, problem } = locateBinary(env['CLAUDE_BIN'] || undefined)
  if (problem !== null) throw new CommandError(problem, exits.failed)
  const set = instead.filter((name) => withSecretFiles(env)[name])
  if (set.length > 0) note(`${set.join(' and ')} is set: a server with it does not use a stored login`)
  return runInForeground(path, token === true ? ['setup-token'] : ['auth', 'login'], env)
}
