/** `service install`: a systemd unit of the user's own. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { name } from '../version.js'
import { CommandError, exits } from './exits.js'
import { note, say, sayLine } from './terminal.js'

/** Compiled, this file lies three folders below the package. */
const packageRoot = path.join(import.meta.dirname, '../../..')
const main = path.join(import.meta.dirname, 'main.js')

/** The text of the unit. Secrets go into its file of environment variables, which systemd reads at each start. */
export function unitText(env: NodeJS.ProcessEnv): string {
  const installed = packageRoot.split(path.sep).includes('node_modules')
  return `[Unit]
Description=${name}: the Claude CLI behind an OpenAI-compatible API

[Service]
ExecStart=${argument(process.execPath)} ${argument(main)} serve
WorkingDirectory=${installed ? '%h' : escaped(packageRoot)}
# API_KEYS, CLAUDE_CODE_OAUTH_TOKEN and whatever else is set, one NAME=value in each line; mode 0600
EnvironmentFile=-%E/${name}/environment
Environment=${quoted(`PATH=${env['PATH'] ?? '/usr/bin:/bin'}`)}
Restart=on-failure
RestartSec=2
KillMode=mixed
TimeoutStopSec=30
UMask=0077

[Install]
WantedBy=default.target
`
}

export async function installService(env: NodeJS.ProcessEnv, { print, force }: { print?: boolean; force?: boolean }): Promise<void> {
  const text = unitText(env)
  if (print === true) return say(text)
  if (process.platform !== 'linux')
    throw new CommandError('this writes a unit of systemd; docs/command-line.md has launchd and Windows', exits.usage)
  if (main.includes(`${path.sep}_npx${path.sep}`)) {
    throw new CommandError(`this is npx's own copy, which may go at any time: install the package first (npm install -g)`, exits.usage)
  }
  const config = env['XDG_CONFIG_HOME'] ?? ''
  const folder = path.join(path.isAbsolute(config) ? config : path.join(env['HOME'] || os.homedir(), '.config'), 'systemd/user')
  const file = path.join(folder, `${name}.service`)
  const before = await readFile(file, 'utf8').catch(() => null)
  if (before !== null && before !== text && force !== true) {
    throw new CommandError(`${file} is there and is another one: --force writes it anew`, exits.failed)
  }
  await mkdir(folder, { recursive: true })
  await writeFile(file, text)
  sayLine(file)
  note(`start it with: systemctl --user daemon-reload && systemctl --user enable --now ${name}`)
  note('to have it run while you are not logged in: loginctl enable-linger')
}

/** As a word of a command line, where a dollar sign would begin a variable (systemd.service(5)). */
function argument(word: string): string {
  return quoted(word).replaceAll('$', '$$$$')
}

/** As an assignment (systemd.exec(5)). */
function quoted(word: string): string {
  return `"${escaped(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** A percent sign begins a specifier. */
function escaped(word: string): string {
  return word.replaceAll('%', '%%')
}
