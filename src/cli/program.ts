/** The commands and their options. What each does is in a module of its own, loaded when it is asked for. */
import { Command } from 'commander'
import { name, version } from '../version.js'
import type { AskOptions } from './ask.js'
import type { Exit } from './exits.js'

const collect = (value: string, before: string[]) => [...before, value]

/** @param end is told how the command has ended; left uncalled: as it should */
export function createProgram(env: NodeJS.ProcessEnv, end: (exit: Exit) => void): Command {
  const program = new Command(name)
    .description('The Claude CLI behind an OpenAI-compatible API.')
    .version(version, '-V, --version')
    .showHelpAfterError(false)
    .showSuggestionAfterError(true)
  const client = async () => (await import('./client.js')).Client.of(env)

  program
    .command('serve', { isDefault: true })
    .description('run the server (what the command does without a subcommand)')
    .allowExcessArguments(false)
    .action(async () => (await import('../serve.js')).serve())

  program
    .command('ask')
    .description('ask one question and print the answer as it comes; what is piped in belongs to the question')
    .argument('[question...]')
    .option('-m, --model <model>', 'model to ask', 'max')
    .option('-s, --system <text>', 'system message')
    .option('-f, --file <path>', 'image, PDF or text file to send with it; can be repeated', collect, [])
    .option('--json', 'print the whole completion as one line of JSON')
    .action(async (words: string[], options: AskOptions) => {
      const { ask } = await import('./ask.js')
      end(await ask(await client(), words, options))
    })

  return program
}
