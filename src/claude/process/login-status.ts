/** What the CLI says of its stored login. */
import { execa } from 'execa'
import { within } from '../../within.js'

export interface LoginStatus {
  loggedIn?: boolean
  authMethod?: string
}

/** Asks for `limitMs` at most. Null where it does not say. Never rejects. */
export async function askLoginStatus(
  binary: string,
  env: Record<string, string>,
  limitMs = 10_000,
  cancelSignal?: AbortSignal,
): Promise<LoginStatus | null> {
  const asked = execa(binary, ['auth', 'status', '--json'], {
    ...{ env, extendEnv: false, reject: false, stdin: 'ignore' },
    ...{ timeout: limitMs, killSignal: 'SIGKILL' },
    ...(cancelSignal && { cancelSignal }),
  })
  try {
    // a child of the CLI's may hold the output open for longer than the CLI lives
    const { stdout } = await within(asked, limitMs + 1000, 'no answer')
    const said: unknown = JSON.parse(stdout ?? '')
    return typeof said === 'object' ? said : null
  } catch {
    return null
  }
}
