#!/usr/bin/env node
/** The command `claude-bridge`. */
import { CommanderError, type Command } from 'commander'
import { BridgeError, catalogue } from '../errors/catalogue.js'
import { ConfigError } from '../errors/config-error.js'
import { name } from '../version.js'
import { CommandError, type Exit, exitOfStatus, exits } from './exits.js'
import { createProgram } from './program.js'
import { Stopped } from './stop.js'
import { endQuietlyOnBrokenPipe, noteError } from './terminal.js'

const program = createProgram(process.env, (exit) => (process.exitCode = exit))
for (const command of [program, ...allBelow(program)]) {
  command.exitOverride()
  // its own words come as one line, below
  command.configureOutput({ outputError: () => {} })
}

try {
  endQuietlyOnBrokenPipe()
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitOf(error)
}

function allBelow(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...allBelow(one)])
}

/** Says what went wrong in one line, unless there is nothing to say. */
function exitOf(error: unknown): Exit {
  if (error instanceof Stopped) return error.exit
  if (error instanceof CommanderError) {
    // help and version were asked for
    if (error.exitCode === 0) return exits.done
    if (error.code !== 'commander.help') noteError(name, `${error.message.replace(/^error: /, '')}; see ${name} --help`)
    return exits.usage
  }
  noteError(name, error instanceof Error ? error.message : String(error))
  if (error instanceof CommandError) return error.exit
  // of the store, where no server runs
  if (error instanceof BridgeError) return exitOfStatus(catalogue[error.failure.code].status)
  return error instanceof ConfigError ? exits.usage : exits.failed
}
