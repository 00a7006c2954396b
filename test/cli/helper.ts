/** The command as a process of its own, as a user starts it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Test } from 'tap'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface Running {
  process: ChildProcess
  stdout(): string
  stderr(): string
  ended: Promise<Ended>
}

export const main = path.join(import.meta.dirname, '../../src/cli/main.js')

export interface RunOptions {
  env?: Record<string, string>
  cwd?: string
  /** written to standard input, which is closed then; left out: /dev/null */
  input?: string
}

/** Starts the command with exactly that environment beside PATH. */
export function start(t: Test, args: readonly string[], { env = {}, cwd, input }: RunOptions = {}): Running {
  return watch(t, spawn(process.execPath, [main, ...args], optionsOf(env, cwd, input)), input)
}

/** Runs it to its end. */
export const run = (t: Test, args: readonly string[], options: RunOptions = {}): Promise<Ended> => start(t, args, options).ended

/** Runs it on a terminal of its own (`script` of util-linux), whose output is that of both streams. */
export function runOnTerminal(t: Test, args: readonly string[], { env = {}, cwd }: RunOptions = {}): Promise<Ended> {
  const command = [process.execPath, main, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], optionsOf({ TERM: 'xterm', ...env }, cwd, undefined))
  return watch(t, child, undefined).ended
}

function optionsOf(env: Record<string, string>, cwd: string | undefined, input: string | undefined) {
  const all = { PATH: process.env['PATH'] ?? '', ...env }
  return { env: all, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] as ('ignore' | 'pipe')[], ...(cwd && { cwd }) }
}

function watch(t: Test, child: ChildProcess, input: string | undefined): Running {
  const output = { stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  if (input !== undefined) child.stdin!.end(input)
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, ...output }))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { process: child, stdout: () => output.stdout, stderr: () => output.stderr, ended }
}
