/** The configuration, as it is now: `app.config` is another object after it was read again. */
import fp from 'fastify-plugin'
import type { Config } from '../config.js'
import { LiveConfig, type Reload } from '../config/live.js'
import { readConfig } from '../config/read.js'
import { withSecretFiles } from '../config/secret-files.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Read it when it is used: a reload puts another one in its place. */
    readonly config: Readonly<Config>
    liveConfig: Pick<LiveConfig, 'onChange'>
    /** Reads the configuration again. @throws ConfigError; then nothing has changed */
    reload(): Reload
  }
}

export interface ConfigPluginOptions {
  config: Config
  /** what it was read from */
  env: NodeJS.ProcessEnv
}

/** What the CLI was started with: another one needs another start. */
const ofTheCli = ['ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN']

export default fp(
  async (app, { config, env }: ConfigPluginOptions) => {
    const live = new LiveConfig(config, () => readConfig(env))
    const atStart = withSecretFiles(env)
    app.decorate('config', { getter: () => live.current })
    app.decorate('liveConfig', live)
    app.decorate('reload', () => {
      const credentials = withSecretFiles(env)
      const { changed, needsRestart } = live.reload()
      const result = { changed, needsRestart: [...needsRestart, ...ofTheCli.filter((name) => credentials[name] !== atStart[name])] }
      app.log.info(result, 'the configuration was read again')
      return result
    })
    live.onChange(({ logLevel }, before) => {
      if (logLevel !== before.logLevel) app.log.level = logLevel
    })
  },
  { name: 'config' },
)
