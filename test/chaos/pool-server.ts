/** The server with a pool of the size that `WARM_SIZES` names (JSON of `WarmSizes`), as a process of its own. */
import { buildApp } from '../../src/app.js'
import { killAllProcesses } from '../../src/claude/process/process.js'
import type { WarmSizes } from '../../src/claude/pool/setup.js'
import { readConfig } from '../../src/config.js'
import { createLogger } from '../../src/logger.js'

const config = readConfig(process.env)
const app = await buildApp({
  config,
  env: process.env,
  logger: createLogger(config.logLevel),
  warm: JSON.parse(process.env['WARM_SIZES'] ?? '{}') as Partial<WarmSizes>,
})
process.once('exit', killAllProcesses)
process.once('SIGTERM', () => void app.close())
await app.listen({ host: config.host, port: config.port })
