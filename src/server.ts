/** The process: configuration, logger, listening, and an end in order. */
import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.js'
import { killAllProcesses } from './claude/process.js'
import { ConfigError, readConfig } from './config.js'
import { createLogger } from './logger.js'

/** Running work may come to its end this long after the first signal; Docker kills after 10 s. */
const drainMs = 5000
const closeMs = 9000

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const app = await buildApp({ config, env: process.env, logger: createLogger(config.logLevel) })
  // whatever way the process ends, no CLI is left behind
  process.once('exit', killAllProcesses)
  closeWithGrace({ delay: closeMs, logger: app.log }, async ({ signal, err }) => {
    if (err) app.log.fatal({ err }, 'the server ends after an error')
    else app.log.info(`${signal}: finishing what runs`)
    if (!err) await app.jobs.drain(drainMs)
    await app.close()
  })
  await app.listen({ host: config.host, port: config.port })
  const { claude_authenticated: loggedIn, hint, problem } = app.claude.health()
  if (problem !== null) app.log.warn(`the Claude CLI cannot be used: ${problem}`)
  else if (!loggedIn) app.log.warn(hint)
}

/** One line for the person who started it; null for what is a fault of ours and deserves its stack. */
function startError(error: unknown): string | null {
  if (error instanceof ConfigError) return error.message
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EADDRINUSE') return `PORT: ${process.env['PORT'] ?? 3010} is in use by another program`
  if (code === 'EACCES' && (error as NodeJS.ErrnoException).syscall === 'listen') return 'PORT: not allowed for this user'
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `HOST: "${process.env['HOST']}" is no address of this machine`
  if (error instanceof Error && error.name === 'DataDirInUse') return `DATA_DIR: ${error.message}`
  const { path } = error as NodeJS.ErrnoException
  if (path !== undefined && ['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'ENOSPC'].includes(code ?? '')) {
    return `DATA_DIR: ${path} cannot be used by this user (${code})`
  }
  return null
}

main().catch((error: unknown) => {
  const line = startError(error)
  if (line === null) console.error(error)
  else console.error(`claude-bridge: ${line}`)
  process.exit(1)
})
