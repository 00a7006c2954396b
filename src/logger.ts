/** The server's log: lines of JSON, readable text on a terminal. */
import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from './config.js'

/** `destination`: where the lines go; left out: standard output. */
export function createLogger(level: Config['logLevel'], destination?: DestinationStream): Logger {
  if (destination !== undefined) return pino({ level }, destination)
  if (!process.stdout.isTTY) return pino({ level })
  return pino({ level, transport: { target: 'pino-pretty', options: { translateTime: 'HH:MM:ss', ignore: 'pid,hostname' } } })
}
