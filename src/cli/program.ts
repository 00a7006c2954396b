/** The commands and their options. What each does is in a module of its own, loaded when it is asked for. */
import { Command, Option } from 'commander'
import { name, version } from '../version.js'
import type { AskOptions } from './ask.js'
import type { TaskQuery } from './backend.js'
import type { DoctorOptions } from './doctor/doctor.js'
import { CommandError, exits } from './exits.js'
import { addKeyCommands } from './key-program.js'
import { collect, jsonOption, whole } from './options.js'

/** @param end is told how the command has ended; left uncalled: as it should */
export function createProgram(env: NodeJS.ProcessEnv, end: (exit: number) => void): Command {
  const program = new Command(name)
    .description('The Claude CLI behind an OpenAI-compatible API. Without a command: serve.')
    .version(version, '-V, --version')
    .addHelpText('after', help)
  addServing(program, env, end)
  addAsking(program, env, end)
  addKeyCommands(program, env)
  addUpkeep(program, env, end)
  return program
}

const help = `
Environment: CLAUDE_BRIDGE_URL (the server; else HOST and PORT), CLAUDE_BRIDGE_KEY (your key), ADMIN_KEY (the operator's).
Exit codes and everything else: docs/command-line.md`

async function clientOf(env: NodeJS.ProcessEnv) {
  return (await import('./client.js')).Client.of(env)
}

function addServing(program: Command, env: NodeJS.ProcessEnv, end: (exit: number) => void): void {
  program
    .command('serve', { isDefault: true })
    .description('run the server')
    .argument('[none...]')
    .usage(' ')
    .action(async (words: string[]) => {
      // a word that is no command comes here
      if (words.length > 0) throw new CommandError(`there is no command ${words[0]}; see ${name} --help`, exits.usage)
      ;(await import('../serve.js')).serve()
    })
  program
    .command('login')
    .description("the Claude CLI's own login, in this terminal")
    .option('--token', 'print a token for CLAUDE_CODE_OAUTH_TOKEN (claude setup-token) in place of a stored login')
    .action(async (options: { token?: boolean }) => end(await (await import('./login.js')).login(env, options)))
  const service = program.command('service').description('run the server in the background')
  service
    .command('install')
    .description('write a systemd unit of the user')
    .option('--print', 'print it, and write nothing')
    .option('--force', 'write over another one')
    .action(async (options: { print?: boolean; force?: boolean }) => (await import('./service.js')).installService(env, options))
}

function addAsking(program: Command, env: NodeJS.ProcessEnv, end: (exit: number) => void): void {
  program
    .command('ask')
    .description('ask one question and print the answer as it comes; what is piped in belongs to the question')
    .argument('[question...]')
    .option('-m, --model <model>', 'model to ask', 'max')
    .option('-s, --system <text>', 'system message')
    .option('-f, --file <path>', 'image, PDF or text file to send with it; can be repeated', collect, [])
    .addOption(jsonOption('print the whole completion as one line of JSON'))
    .action(async (words: string[], options: AskOptions) => end(await (await import('./ask.js')).ask(await clientOf(env), words, options)))
  program
    .command('tasks')
    .description('list tasks, the newest first')
    .option('--status <status>', 'of this status only')
    .option('-m, --model <model>', 'of this model only')
    .option('-n, --limit <number>', 'so many at most', whole(1, 100), 20)
    .option('--after <id>', 'go on after this task')
    .addOption(jsonOption())
    .action(async (options: TaskQuery & { json?: boolean }) => (await import('./tasks.js')).listTasks(env, await clientOf(env), options))
  program
    .command('task')
    .description('show a task')
    .argument('<id>')
    .option('-f, --follow', 'print what it says until it ends')
    .addOption(jsonOption('print it, or with --follow its events, as lines of JSON'))
    .action(async (id: string, options: { follow?: boolean; json?: boolean }) =>
      end(await (await import('./tasks.js')).showTask(env, await clientOf(env), id, options)),
    )
  program
    .command('cancel')
    .description('cancel tasks')
    .argument('<id...>')
    .addOption(jsonOption())
    .action(async (ids: string[], options: { json?: boolean }) =>
      (await import('./tasks.js')).cancelTasks(await clientOf(env), ids, options),
    )
  program
    .command('retry')
    .description('run a task again, as a new one')
    .argument('<id>')
    .option('-f, --follow', 'print what the new one says until it ends')
    .addOption(jsonOption())
    .action(async (id: string, options: { follow?: boolean; json?: boolean }) =>
      end(await (await import('./tasks.js')).retryTask(await clientOf(env), id, options)),
    )
}

function addUpkeep(program: Command, env: NodeJS.ProcessEnv, end: (exit: number) => void): void {
  program
    .command('check-cli')
    .description('ask a Claude CLI whether it does what the server relies on')
    .option('--bin <path>', 'another one than the installed')
    .action(async ({ bin }: { bin?: string }) => end(await (await import('./check-cli.js')).checkTheCli(env, bin)))
  program
    .command('doctor')
    .description('look for what keeps the server from working, and name the remedy of each fault')
    .option('--no-ask', 'ask the model no question, so that nothing is spent')
    .addOption(jsonOption('print the findings as one line of JSON'))
    .action(async (options: DoctorOptions) => end(await (await import('./doctor/doctor.js')).doctor(env, options)))
  program
    .command('vacuum')
    .description('write the job database anew, without its free pages; no server may run on it')
    .action(async () => (await import('./vacuum.js')).vacuum(env))
  program
    .command('move-to-redis')
    .description('copy all tasks, keys, usage and pending webhooks into an empty prefix of Redis; no server may run on either')
    .addOption(new Option('--from <folder>', 'data directory').env('DATA_DIR').makeOptionMandatory())
    .addOption(
      new Option('--to <url>', 'Redis; in STORE_URL the password is in no list of processes').env('STORE_URL').makeOptionMandatory(),
    )
    .option('--with-files', 'the files that tasks have left as well, for servers without a FILES_DIR')
    .action(async (options: { from: string; to: string; withFiles?: boolean }) =>
      end(await (await import('./move-to-redis.js')).moveToRedis(options)),
    )
  program
    .command('completion')
    .description('print a completion script for bash, zsh or fish')
    .argument('<shell>')
    .action(async (shell: string) => {
      const { completionScript } = await import('./completion.js')
      process.stdout.write(completionScript(shell, program))
    })
}
