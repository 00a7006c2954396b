/** The server's own composition: what stands on what, and in which order its work begins and ends. Holds no feature. */
import fp from 'fastify-plugin'
import type { WarmSizes } from './claude/pool/setup.js'
import type { JobTokens } from './jobs/tokens.js'
import checks from './plugins/checks.js'
import claude from './plugins/claude.js'
import files from './plugins/files.js'
import jobs from './plugins/jobs.js'
import keys from './plugins/keys.js'
import spending from './plugins/spending.js'
import store from './plugins/store.js'
import upstreams from './plugins/upstreams.js'
import webhooks from './plugins/webhooks.js'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Takes up what an earlier server left, and begins what goes on by itself. Happens when the server listens: one that cannot would
     * start jobs, have them paid for, and end. An app that does not listen needs the call; a second one is the same.
     */
    recover(): Promise<void>
  }
}

export interface BridgeOptions {
  /** the environment the CLI's own is taken from */
  env: NodeJS.ProcessEnv
  /** with which jobs ask this server */
  tokens: JobTokens
  /** milliseconds between the tries of a webhook; left out: hours in the end */
  webhookDelays?: readonly number[] | undefined
  /** in place of the sizes that follow from the configuration and the memory */
  warm?: Partial<WarmSizes> | undefined
}

/** Files of tasks that have expired go within this. */
const sweepEveryMs = 60_000

export default fp(
  async (app, { env, tokens, webhookDelays, warm }: BridgeOptions) => {
    // first of all the store: it locks the data directory
    await app.register(store)
    await app.register(keys)
    await app.register(files)
    await app.register(checks)
    await app.register(claude, { env, tokens, warm })
    await app.register(upstreams, { env })
    await app.register(webhooks, { delays: webhookDelays })
    await app.register(spending)
    await app.register(jobs, { tokens })

    let sweeper: NodeJS.Timeout | undefined
    let ending = false
    const failed = (message: string) => (error: unknown) => app.log.error({ err: error }, message)
    const takeUp = async () => {
      if (ending) return
      app.claude.start()
      const recovered = await app.jobs.start()
      // a server that ended between a key's end and that of its jobs has left them
      await app.jobs.cancelRevoked()
      const any = Object.values(recovered).some((count) => count > 0)
      app.log[any ? 'warn' : 'info'](recovered, 'took up what an earlier server had left')
      if (ending) return
      app.webhooks.start()
      sweeper = setInterval(() => {
        app.files.sweep((ids) => app.jobs.known(ids)).catch(failed('files of tasks could not be looked through'))
      }, sweepEveryMs)
      sweeper.unref()
    }
    let recovery: Promise<void> | null = null
    app.decorate('recover', () => (recovery ??= takeUp()))
    app.addHook('onListen', async () => {
      // other hooks need not wait for it; who listens is told how it ends, as it waits for it as well
      app.recover().catch(failed('what an earlier server had left could not be taken up'))
      const prepared = app.claude.checked.then(() => {
        // one that is not known begins to be checked
        app.cliCheck.abilities()
        app.pool.prepare(app.config.claudeModel)
      })
      prepared.catch(failed('no process could be made ready'))
    })
    // before the server waits for its connections: their jobs' ends are what lets them go
    app.addHook('preClose', async () => {
      ending = true
      clearInterval(sweeper)
      app.claude.stop()
      await app.jobs.stopAll()
      await app.webhooks.close()
      await Promise.all([app.pool.close(), app.cliCheck.close(), app.startProbe.close(), app.upstreams.close(), app.threads.close()])
    })
  },
  { name: 'bridge', decorators: { fastify: ['config', 'metrics'] } },
)
