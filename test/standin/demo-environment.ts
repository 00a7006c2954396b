export interface DemoPlace {
  standinUrl: string
  dataDir: string
  host: string
  port: number | string
}

const realCredentials = ['ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN', 'ANTHROPIC_CUSTOM_HEADERS']

/** The caller's environment with the stand-in in the place of the provider, and without the caller's credentials. */
export function demoEnvironment(env: NodeJS.ProcessEnv, place: DemoPlace): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !realCredentials.includes(name)))
  // a proxy would be asked for the loopback address and know another one by that name
  const direct = [env['NO_PROXY'] ?? env['no_proxy'], '127.0.0.1', 'localhost'].filter(Boolean).join(',')
  return {
    ...kept,
    NO_PROXY: direct,
    no_proxy: direct,
    HOST: place.host,
    PORT: String(place.port),
    DATA_DIR: place.dataDir,
    ANTHROPIC_BASE_URL: place.standinUrl,
    ANTHROPIC_API_KEY: 'stand-in-no-account-needed',
  }
}
