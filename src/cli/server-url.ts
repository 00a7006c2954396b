/** Which server a command speaks to. */
import { CommandError, exits } from './exits.js'

export interface ServerAddress {
  /** without a slash at its end */
  url: string
  /** the environment names it, so that no store of this machine stands in for it */
  named: boolean
}

const anyAddress: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/**
 * `CLAUDE_BRIDGE_URL`, or what `HOST` and `PORT` say, in the environment or in the file of `CONFIG`.
 *
 * @throws CommandError; ConfigError of the file
 */
export async function serverAddress(env: NodeJS.ProcessEnv): Promise<ServerAddress> {
  const given = env['CLAUDE_BRIDGE_URL']
  if (given) return { url: baseOf(given), named: true }
  const { host, port } = env['CONFIG'] ? (await import('../config.js')).readConfig(env) : ofVariables(env)
  if (port === 0) throw new CommandError('PORT is 0, so the port of the server is not known: set CLAUDE_BRIDGE_URL', exits.usage)
  const name = anyAddress[host] ?? host
  return { url: `http://${name.includes(':') ? `[${name}]` : name}:${port}`, named: false }
}

function ofVariables(env: NodeJS.ProcessEnv): { host: string; port: number } {
  const port = env['PORT'] || '3010'
  if (!/^\d{1,5}$/.test(port)) throw new CommandError(`PORT: ${JSON.stringify(port)} is no port`, exits.usage)
  return { host: env['HOST'] || '127.0.0.1', port: Number(port) }
}

/** The base URL of an SDK, which ends with `/v1`, will do as well. */
function baseOf(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new CommandError('CLAUDE_BRIDGE_URL: must be an http or https URL', exits.usage)
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new CommandError(
      'CLAUDE_BRIDGE_URL: must have no credentials, query or fragment; the key goes into CLAUDE_BRIDGE_KEY',
      exits.usage,
    )
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/v1$/, '')
}
