/** Runs the real Claude CLI against a stand-in, in folders of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { locateBinary } from '../../src/claude/process/binary.js'

export interface CliOptions {
  /** the stand-in's */
  baseUrl: string
  /** one user turn, as text or as content blocks */
  prompt: string | readonly Record<string, unknown>[]
  /** after the flags for plain chat; default model claude-opus-5-5 */
  args?: readonly string[]
  /** default true: no hooks, and none of the CLI's own notes in the conversation */
  bare?: boolean
  env?: Readonly<Record<string, string>>
  /** milliseconds until the process group is killed; default 60 000 */
  timeoutMs?: number
  /** sees each line; returning true kills the process group */
  until?: (line: CliLine) => boolean
}

export interface CliLine {
  type: string
  [field: string]: unknown
}

export interface CliRun {
  lines: CliLine[]
  /** the last `result` line, if there was one */
  result: CliLine | undefined
  /** text deltas joined */
  streamed: string
  /** null where a signal ended it */
  exitCode: number | null
  stderr: string
}

const flags =
  '-p --input-format=stream-json --output-format=stream-json --verbose --include-partial-messages ' +
  '--strict-mcp-config --tools= --setting-sources= --disable-slash-commands --no-session-persistence ' +
  '--permission-mode=dontAsk'

const quiet = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
  CLAUDE_CODE_MAX_RETRIES: '0',
  DISABLE_AUTOUPDATER: '1',
}

/** Resolves when the process has gone and its folders are removed. @throws Error where the CLI is not installed */
export async function runCli(options: CliOptions): Promise<CliRun> {
  const binary = locateBinary(process.env['CLAUDE_BIN'] || undefined)
  if (binary.problem !== null) throw new Error(binary.problem)
  const home = await mkdtemp(path.join(os.tmpdir(), 'standin-cli-'))
  const folders = { HOME: home, CLAUDE_CONFIG_DIR: path.join(home, 'config'), TMPDIR: path.join(home, 'tmp') }
  const cwd = path.join(home, 'cwd')
  for (const folder of [folders.CLAUDE_CONFIG_DIR, folders.TMPDIR, cwd]) await mkdir(folder)
  const bare = options.bare === false ? [] : ['--bare']
  const child = spawn(binary.path, [...flags.split(' '), ...bare, '--model=claude-opus-5-5', ...(options.args ?? [])], {
    cwd,
    // its own group, so that whatever it starts can be ended with it
    detached: true,
    env: {
      PATH: process.env['PATH'],
      ...folders,
      ...quiet,
      ANTHROPIC_BASE_URL: options.baseUrl,
      ANTHROPIC_API_KEY: 'stand-in-no-account-needed',
      CLAUDE_CODE_CERT_STORE: 'bundled',
      ...options.env,
    },
  })
  const timer = setTimeout(() => killGroup(child), options.timeoutMs ?? 60_000)
  try {
    return await converse(child, options)
  } finally {
    clearTimeout(timer)
    killGroup(child)
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function converse(child: ChildProcess, options: CliOptions): Promise<CliRun> {
  const lines: CliLine[] = []
  const closed = once(child, 'close') as Promise<[number | null]>
  let rest = ''
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    for (const part of parts.filter((line) => line !== '')) {
      const line = JSON.parse(part) as CliLine
      lines.push(line)
      if (options.until?.(line) === true) killGroup(child)
    }
  })
  const user = {
    type: 'user',
    message: { role: 'user', content: options.prompt },
    parent_tool_use_id: null,
    session_id: '',
  }
  // the process may end before it has read its input
  child.stdin!.on('error', () => undefined)
  child.stdin!.end(JSON.stringify(user) + '\n')
  const [exitCode] = await closed
  const streamed = lines.map(textDelta).join('')
  return { lines, result: lines.filter((line) => line.type === 'result').at(-1), streamed, exitCode, stderr }
}

function textDelta(line: CliLine): string {
  if (line.type !== 'stream_event') return ''
  return (line['event'] as { delta?: { text?: string } }).delta?.text ?? ''
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // gone already
  }
}
