/** `serve`, `login`, `service install`, `completion`, and what is said of a command that is not there. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { environment, until } from '../helper.js'
import { temporary } from '../helper-server.js'
import { startStandin } from '../standin/index.js'
import { main, run, runOnTerminal, start } from './helper.js'

const folder = temporary(t)

await t.test('a server, a question, SIGTERM', async (t) => {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  for (const args of [['serve'], []]) {
    const server = start(t, args, { env: environment(folder, standin.url) })
    const url = () => /Server listening at (http:\/\/127[^"]+)/.exec(server.stdout())?.[1]
    t.ok(await until(() => url() !== undefined, 60_000))
    if (args.length > 0) {
      const asked = await run(t, ['ask', 'Tell me a joke'], { env: { CLAUDE_BRIDGE_URL: url()! } })
      t.match(asked, { code: 0, stdout: /\S/, stderr: '' })
    }
    server.process.kill('SIGTERM')
    t.match(await server.ended, { code: 0, stderr: '' }, args.length > 0 ? 'serve' : 'no command is serve')
  }
})

await t.test('under npx it ends when what is above it has ended', { skip: process.platform === 'win32' }, async (t) => {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  // npm ends the shell, which passes nothing on
  const shell = spawn('sh', ['-c', '"$0" "$1" serve; true', process.execPath, main], {
    env: { ...environment(folder, standin.url), npm_command: 'exec' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  t.teardown(() => {
    try {
      process.kill(-shell.pid!, 'SIGKILL')
    } catch {
      // it has ended
    }
  })
  let output = ''
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  t.ok(await until(() => output.includes('took up what'), 60_000))
  // the pipe is closed when the server has ended as well
  const closed = once(shell, 'close')
  shell.kill('SIGTERM')
  await closed
  t.match(output, /npx has ended: finishing what runs/)
})

await t.test('a start that fails is one line', async (t) => {
  t.match(await run(t, ['serve'], { env: { PORT: 'many' } }), { code: 1, stdout: '', stderr: /^claude-bridge: PORT: [^\n]+\n$/ })
  t.match(await run(t, ['foo']), { code: 2, stdout: '', stderr: 'claude-bridge: there is no command foo; see claude-bridge --help\n' })
  t.match(await run(t, ['--help']), { code: 0, stdout: /^Usage: claude-bridge/, stderr: '' })
  t.match(await run(t, ['--version']), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
})

await t.test('login runs the CLI on the terminal, with the environment of the user', async (t) => {
  const claude = path.join(folder, 'claude')
  writeFileSync(claude, '#!/bin/sh\n[ -t 0 ] && [ -t 1 ] && echo terminal\necho "args: $*"\nenv | sort\nexit 7\n')
  chmodSync(claude, 0o755)
  const env = { CLAUDE_BIN: claude, API_KEYS: 'secret-of-the-bridge', CLAUDE_BRIDGE_KEY: 'cb_secret', MINE: 'yes', HOME: folder }
  const { code, stdout } = await runOnTerminal(t, ['login'], { env })
  t.equal(code, 7)
  t.match(stdout, /terminal\r\nargs: auth login\r\n/)
  t.match(stdout, /MINE=yes/)
  t.notMatch(stdout, /secret/)
  const token = await run(t, ['login', '--token'], { env: { ...env, ANTHROPIC_API_KEY: 'sk' } })
  t.match(token, { code: 7, stdout: /^args: setup-token\n/, stderr: /ANTHROPIC_API_KEY is set/ })
  t.match(await run(t, ['login'], { env: { CLAUDE_BIN: path.join(folder, 'none') } }), { code: 1, stderr: /is not there/ })
})

await t.test('service install', async (t) => {
  const env = { HOME: folder, XDG_CONFIG_HOME: path.join(folder, 'config') }
  const file = path.join(folder, 'config/systemd/user/claude-bridge.service')
  const printed = await run(t, ['service', 'install', '--print'], { env })
  t.match(printed.stdout, new RegExp(`\\[Service\\]\nExecStart="[^"]*node" "${main}" serve\n`))
  t.notOk(existsSync(file))
  const written = await run(t, ['service', 'install'], { env })
  t.match(written, { code: 0, stdout: `${file}\n`, stderr: /systemctl --user enable --now claude-bridge/ })
  t.equal(readFileSync(file, 'utf8'), printed.stdout)
  t.equal((await run(t, ['service', 'install'], { env })).code, 0, 'twice the same')
  writeFileSync(file, '# mine\n')
  t.match(await run(t, ['service', 'install'], { env }), { code: 1, stderr: /is another one: --force/ })
  t.equal(readFileSync(file, 'utf8'), '# mine\n')
  t.equal((await run(t, ['service', 'install', '--force'], { env })).code, 0)
  t.equal(readFileSync(file, 'utf8'), printed.stdout)
})

await t.test('completion', async (t) => {
  const script = (await run(t, ['completion', 'bash'])).stdout
  const complete = async (...words: string[]) => {
    const line = `${script}\nCOMP_WORDS=(claude-bridge "$@"); COMP_CWORD=$#; _claude_bridge; echo "\${COMPREPLY[@]}"`
    return (await promisify(execFile)('bash', ['-c', line, 'bash', ...words])).stdout.trim()
  }
  t.equal(await complete('ta'), 'tasks task')
  t.equal(await complete('key', 'r'), 'rotate revoke')
  t.equal(await complete('key', 'create', 'ann', '--l'), '--limit')
  t.equal(await complete('--v'), '--version')
  t.match((await run(t, ['completion', 'zsh'])).stdout, /^#compdef claude-bridge\n/)
  t.match((await run(t, ['completion', 'fish'])).stdout, /complete -c claude-bridge -f -n '__fish_seen_subcommand_from key' -a create/)
  t.match(await run(t, ['completion', 'csh']), { code: 2, stderr: /use bash, zsh, fish/ })
  t.ok(statSync(main).isFile())
})
