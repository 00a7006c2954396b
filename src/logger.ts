/** The server's log: lines of JSON, readable text on a terminal. */
import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from './config.js'
import { withoutTokens } from './redact.js'

/** A job's token may come back in the words of a program that was given it. */
const hooks = { streamWrite: withoutTokens }

/** `destination`: where the lines go; left out: standard output. */
export function createLogger(level: Config['logLevel'], destination?: DestinationStream): Logger {
  if (destination !== undefined) return pino({ level, hooks }, destination)
  if (!process.stdout.isTTY) return pino({ level, hooks })
  return pino({ level, hooks, transport: { target: 'pino-pretty', options: { translateTime: 'HH:MM:ss', ignore: 'pid,hostname' } } })
}
