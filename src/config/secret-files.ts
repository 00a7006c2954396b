/** Secrets as files: `API_KEYS_FILE` in place of `API_KEYS`, and so on. No message shows a content, nor a path, which may be a secret given by mistake. */
import { readFileSync } from 'node:fs'
import { ConfigError } from '../errors/config-error.js'

/** The variables that can be given as a file, under their name and `_FILE`. */
export const secrets = ['API_KEYS', 'ADMIN_KEY', 'ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN', 'WEBHOOK_SECRET', 'STORE_URL'] as const

/**
 * The environment with each `*_FILE` replaced by the variable that it stands for. Variables that are empty count as not set. A second call
 * with the result changes nothing.
 *
 * @throws ConfigError with one line that names the variable
 */
export function withSecretFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const result = { ...env }
  for (const name of secrets) {
    const file = env[`${name}_FILE`]
    delete result[`${name}_FILE`]
    if (!file) continue
    if (env[name]) throw new ConfigError(`${name}_FILE: ${name} is set as well; unset one of the two`)
    // a list of keys reads best with one in each line
    result[name] =
      name === 'API_KEYS'
        ? readText(file, `${name}_FILE`)
            .trim()
            .replace(/\s*\n\s*/g, ',')
        : readSecretFile(file, `${name}_FILE`)
  }
  return result
}

/**
 * The one line of the file, without the white space at its end.
 *
 * @param place what the message begins with: a variable, or a member of the configuration file
 * @throws ConfigError
 */
export function readSecretFile(file: string, place: string): string {
  const value = readText(file, place).trimEnd()
  // no header can carry it, and with a NUL no process is started
  if (/\p{Cc}/u.test(value)) throw new ConfigError(`${place}: the file must hold one line, without control characters`)
  return value
}

function readText(file: string, place: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`${place}: the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`)
  }
  if (text.trim() === '') throw new ConfigError(`${place}: the file is empty`)
  // editors of Windows put a mark before UTF-8
  return text.replace(/^\uFEFF/, '')
}
