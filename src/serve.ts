/** The serving process: configuration, logger, listening, and an end in order. */
import type { FastifyBaseLogger } from 'fastify'
import { buildApp } from './app.js'
import { killAllProcesses } from './claude/process/process.js'
import { subscriptionWarning } from './claude/terms.js'
import { ConfigError, isLoopback, readConfig } from './config.js'
import { listen } from './listen.js'
import { createLogger } from './logger.js'
import { endInOrder } from './shutdown.js'
import { startError } from './start-error.js'
import { name } from './version.js'
import { endWithNpx } from './with-npx.js'

/** Beyond `DRAIN_S`, for what has to be told, stored and ended. With the default 9 s in all: Docker kills after 10 s. */
const closeMs = 4000

/** What an error of the start is told with; once the configuration is read, as it says. */
let started: Readonly<Record<string, string | undefined>> = process.env

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const { host, port, dataDir, filesDir } = config
  started = { ...process.env, DATA_DIR: dataDir, FILES_DIR: filesDir, ...(process.env['CONFIG'] && { HOST: host, PORT: String(port) }) }
  const app = await buildApp({ config, env: process.env, logger: createLogger(config.logLevel) })
  // whatever way the process ends, no CLI is left behind
  process.once('exit', killAllProcesses)
  outliveRejections(app.log)
  const drainMs = config.drainS * 1000
  const end = endInOrder({
    limitMs: drainMs + closeMs,
    async close(cause) {
      if (typeof cause === 'string') {
        app.log.info(`${cause}: finishing what runs`)
        await app.jobs.drain(drainMs)
      } else {
        app.log.fatal({ err: cause.error }, 'the server ends after an error')
        app.jobs.endedByFault()
      }
      await app.close()
    },
    onTrouble: (message, error) => app.log.error({ err: error }, message),
    onHangUp() {
      try {
        app.reload()
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        app.log.error(`SIGHUP: the configuration was not read again, and nothing has changed: ${error.message}`)
      }
    },
  })
  endWithNpx(process.env, () => end('npx has ended'))
  try {
    await listen(app, config)
    await app.recover()
  } catch (error) {
    setTimeout(() => process.exit(1), closeMs).unref()
    await app.close()
    throw error
  }
  await app.claude.checked
  const { claude_authenticated: loggedIn, hint, problem } = app.claude.health()
  if (problem !== null) app.log.warn(`${config.claudeBin === undefined ? '' : 'CLAUDE_BIN: '}the Claude CLI cannot be used: ${problem}`)
  else if (!loggedIn) app.log.warn(hint)
  const warnOfTerms = () => {
    const { apiKeys, host } = app.config
    const warning = subscriptionWarning({ credential: app.claude.credential, keys: apiKeys.length, exposed: !isLoopback(host) })
    if (warning !== null && app.claude.health().claude_authenticated) app.log.warn(warning)
  }
  warnOfTerms()
  app.liveConfig.onChange((now, before) => {
    if (now.apiKeys.length > before.apiKeys.length) warnOfTerms()
  })
}

/**
 * The last resort for faults that belong to no run. A rejection that nothing waited for leaves no work half done that something else
 * goes on with, so that it is told and the server goes on. An uncaught exception may have come from the middle of anything: the server
 * ends in order (`shutdown.ts`), its state being unknown, and its supervisor starts another.
 */
function outliveRejections(log: FastifyBaseLogger): void {
  process.on('unhandledRejection', (reason) => {
    const err = reason instanceof Error ? reason : new Error(String(reason))
    log.error({ err }, 'a promise was rejected and nothing waited for it: a fault of this program; the server goes on')
  })
}

/** Serves until a signal ends the process. A start that fails ends it with code 1 and one line. */
export function serve(): void {
  main().catch((error: unknown) => {
    const line = startError(error, started)
    if (line === null) console.error(error)
    else console.error(`${name}: ${line}`)
    process.exit(1)
  })
}
