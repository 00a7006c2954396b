/** What `npm run test:more` runs beside `npm test`. */
import { randomInt } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import { installCli, installNode } from './install.js'
import { tryPackage } from './package.js'

export interface Stage {
  name: string
  /** Resolves with a remark for the result line. @throws where the stage has failed */
  run: () => Promise<string>
}

const dist = path.join(import.meta.dirname, '../..')
const root = path.join(dist, '..')

/** Runs a program with its output on this one's; its last line of standard output is the remark. */
async function command(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await execa(program, args, { cwd: root, env, stdout: ['pipe', 'inherit'], stderr: 'inherit' })
  return stdout.trim().split('\n').at(-1) ?? ''
}

/** What depends on the CLI's own ways: the layer above it, the stand-in, and one route of each kind. */
function cliFiles(): string[] {
  const claude = readdirSync(path.join(dist, 'test/claude'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.test.js'),
  )
  const routes = ['delivery', 'functions', 'responses', 'structured', 'mcp']
  return ['standin.test.js', ...claude.map((file) => `claude/${file}`), ...routes.map((name) => `routes/${name}.test.js`)].map((file) =>
    path.join(dist, 'test', file),
  )
}

const runner = path.join(dist, 'test/run.js')

/** `files`: test files; all of them where there are none. */
function onNode(major: string, files: readonly string[]): Stage {
  return {
    name: `node-${major}`,
    run: async () => {
      const node = await installNode(major)
      const { stdout: version } = await execa(node, ['--version'])
      // what a test starts as `node` has to be the same one
      const env = { PATH: `${path.dirname(node)}${path.delimiter}${process.env['PATH'] ?? ''}` }
      return `${version}: ${await command(node, [runner, ...files], env)}`
    },
  }
}

function onCli(version: string, files: readonly string[]): Stage {
  return {
    name: `cli-${version}`,
    run: async () => {
      const cli = await installCli(version)
      const { stdout } = await execa(cli, ['--version'])
      return `${stdout}: ${await command(process.execPath, [runner, ...(files.length > 0 ? files : cliFiles())], { CLAUDE_BIN: cli })}`
    },
  }
}

/** `more`: further arguments of the program; they are a part of the name. */
function chaos(name: string, amount: number, more: readonly string[] = []): Stage {
  return {
    name: ['chaos', name, ...more].join('-'),
    run: () => command(process.execPath, [path.join(dist, `test/chaos/${name}.js`), String(amount), ...more]),
  }
}

/** The tests of jobs on a store that answers late. */
function onSlowStore(): Stage {
  const folder = path.join(dist, 'test/jobs')
  // those of the store itself, and one that measures memory
  const other = ['sqlite.test.js', 'memory.test.js']
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.js') && !other.includes(file))
  const paths = files.map((file) => path.join(folder, file))
  return { name: 'slow-store', run: () => command(process.execPath, [runner, ...paths], { SLOW_STORE: '1' }) }
}

/** Test files of jobs and routes that are not run on Redis: they read the tables of SQLite. Single tests say in `notOnRedis` why they are left out. */
const notOnRedis = ['jobs/sqlite', 'jobs/unreadable']

/** The tests of jobs and routes with their jobs on Redis. */
function onRedis(): Stage {
  const files = ['jobs', 'routes'].flatMap((folder) =>
    readdirSync(path.join(dist, 'test', folder))
      .filter((file) => file.endsWith('.test.js') && !notOnRedis.includes(`${folder}/${file.replace('.test.js', '')}`))
      .map((file) => path.join(dist, 'test', folder, file)),
  )
  return { name: 'redis', run: () => command(process.execPath, [runner, ...files], { TEST_STORE: 'redis', REDIS_TESTS: '1' }) }
}

/** More values, and others each time. */
function properties(): Stage {
  const folder = path.join(dist, 'test/properties')
  const files = readdirSync(folder).filter((file) => file.endsWith('.test.js'))
  const seed = randomInt(2 ** 31)
  const env = { PROPERTY_SEED: String(seed), PROPERTY_RUNS: '50' }
  const run = async () => {
    console.log(`seed ${seed}`)
    return command(process.execPath, [runner, ...files.map((file) => path.join(folder, file))], env)
  }
  return { name: 'properties', run }
}

function mutants(): Stage {
  return { name: 'mutants', run: () => command('npm', ['run', 'mutants']) }
}

/** `files`: in place of the test files that the stages of Node and the CLI would run. */
export function stages(files: readonly string[]): Stage[] {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  return [
    onNode('22', files),
    onNode('24', files),
    onCli('2.1.197', files),
    onCli('latest', files),
    onSlowStore(),
    properties(),
    onRedis(),
    { name: 'package', run: tryPackage },
    chaos('kill-9', 30),
    chaos('churn', 200),
    chaos('pool', 300),
    chaos('pool-kill', 150),
    chaos('questions', 1000, ['key', 'reuse']),
    chaos('questions', 1000, ['oauth', 'reuse']),
    chaos('questions', 200, ['key', 'per-job']),
    chaos('questions', 200, ['key', 'unchecked']),
    chaos('many-questions', 5000),
    chaos('spending', 500),
    chaos('fairness', 20),
    chaos('replicas', 300),
    chaos('rolling', 8),
    ...('mutants' in scripts ? [mutants()] : []),
  ]
}
