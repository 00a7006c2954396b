/** The commands about keys and what they use. */
import { type Command, InvalidArgumentError } from 'commander'
import type { UsageAsk } from './backend.js'
import type { KeyOptions } from './keys.js'
import { collect, jsonOption, whole } from './options.js'
import { readTime } from './times.js'

const longestGraceS = 30 * 24 * 3600

export function addKeyCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const client = async () => (await import('./client.js')).Client.of(env)
  const keys = async () => import('./keys.js')
  const key = program.command('key').description('make and revoke keys')
  key
    .command('create')
    .description('make a key; it is printed once')
    .argument('<name>')
    .option('-m, --model <model>', 'a model that it may ask for; can be repeated', collect, [])
    .option('--mcp-server <name>', 'an MCP server of the registry that it may use; can be repeated', collect, [])
    .option('--tool <name>', 'a tool that it may use; can be repeated', collect, [])
    .option('--limit <name=number>', 'as in requests_per_minute=60 or usd_per_day=5; can be repeated', collect, [])
    .option('--priority <number>', 'turns in a row where several keys wait', whole(1, 10))
    .option('--admin', 'it may do what ADMIN_KEY may')
    .addOption(jsonOption())
    .action(async (name: string, options: KeyOptions) => (await keys()).createKey(env, await client(), name, options))
  key
    .command('list')
    .description('list keys, the newest first')
    .option('-n, --limit <number>', 'so many at most', whole(1, 100), 20)
    .option('--after <id>', 'go on after this key')
    .addOption(jsonOption())
    .action(async (options: { limit: number; after?: string; json?: boolean }) => (await keys()).listKeys(env, await client(), options))
  key
    .command('rotate')
    .description('replace the key of an id; the new one is printed once')
    .argument('<id>')
    .option('--grace <seconds>', 'how long the old one is still taken', whole(0, longestGraceS), 0)
    .addOption(jsonOption())
    .action(async (id: string, options: { grace: number; json?: boolean }) => (await keys()).rotateKey(env, await client(), id, options))
  key
    .command('revoke')
    .description('revoke a key and cancel its tasks')
    .argument('<id>')
    .addOption(jsonOption())
    .action(async (id: string, options: { json?: boolean }) => (await keys()).revokeKey(env, await client(), id, options))
  program
    .command('usage')
    .description('what keys have used')
    .option('--by <groups>', 'of key, model, day and hour, with commas', 'key,model,day')
    .option('--from <time>', 'seconds since 1970 or a date; 30 days back where it is left out', time)
    .option('--to <time>', 'the same; now where it is left out', time)
    .addOption(jsonOption().conflicts('csv'))
    .option('--csv', 'print CSV')
    .action(async (options: UsageAsk & { json?: boolean; csv?: boolean }) =>
      (await import('./usage.js')).showUsage(env, await client(), options),
    )
}

function time(text: string): number {
  const seconds = readTime(text)
  if (seconds === null) throw new InvalidArgumentError('It must be seconds since 1970 or a date.')
  return seconds
}
