/** The CLI in the user's own terminal, for what only a person can do: to log in. */
import { execa } from 'execa'

/** What the bridge is set with is no business of the CLI's. */
const ofTheBridge = /^(?:API_KEYS|ADMIN_KEY|STORE_URL|WEBHOOK_SECRET|UPSTREAMS|CLAUDE_BRIDGE_\w+)(?:_FILE)?$/

/**
 * Runs the binary with the terminal's input and output, and with the user's own environment, where its login is stored. Resolves with its exit code; a
 * signal is 128 and its number, as in a shell. @throws where it cannot be started
 */
export async function runInForeground(binary: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const theirs = Object.fromEntries(Object.entries(env).filter(([name]) => !ofTheBridge.test(name)))
  // the terminal sends Ctrl-C to both: what becomes of it is the CLI's to say
  const leave = () => {}
  process.on('SIGINT', leave)
  try {
    const { exitCode, signal, code, message } = await execa(binary, args, {
      env: theirs,
      extendEnv: false,
      reject: false,
      stdio: 'inherit',
    })
    if (exitCode !== undefined) return exitCode
    if (signal !== undefined) return 128 + (signal === 'SIGINT' ? 2 : signal === 'SIGTERM' ? 15 : 9)
    throw new Error(`${binary} cannot be started (${code ?? message})`)
  } finally {
    process.off('SIGINT', leave)
  }
}
