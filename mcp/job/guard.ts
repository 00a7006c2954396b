/**
 * A small program between the CLI and one stdio server of a job: `node guard.js <the job's config> <name>`.
 *
 * It keeps the end of what the server writes to standard error, which the CLI throws away; drops what is no message from its
 * standard output; lets long descriptions and results through; and leads a file server's paths into the job's folder. The server ends with it.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { LineSplitter } from '../../src/lines.js'
import { toAlias, toReal } from './aliases.js'
import type { GuardedServer } from './guard-config.js'
import { WholeTools } from './whole-tool.js'

interface Rpc {
  method?: string
  params?: { arguments?: Record<string, unknown>; capabilities?: Record<string, unknown> }
  result?: { tools?: unknown }
}

const stderrKept = 4096
const graceMs = 500

const [, , file = '', name = ''] = process.argv
const config = JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: Record<string, GuardedServer> }
const { command, args, env, cwd, stderr, folders = [], fixedRoots = false, aliases = [] } = config.mcpServers[name]!
for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 })

const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' })
let tail = Buffer.alloc(0)
let written = false

function keep(text: Buffer): void {
  tail = Buffer.concat([tail, text.subarray(-stderrKept)]).subarray(-stderrKept)
  // at once for the first words, of a server that may be killed; for a chatterbox not with every one
  if (!written) setTimeout(write, 50)
  written = true
}

function write(): void {
  written = false
  try {
    writeFileSync(stderr, tail, { mode: 0o600 })
  } catch {
    // the job's folder has gone
  }
}

function end(code: number): void {
  write()
  process.exit(code)
}

child.stderr.on('data', keep)
child.on('error', (error: NodeJS.ErrnoException) => {
  keep(Buffer.from(`${error.code === 'ENOENT' ? 'command not found' : 'cannot be started'}: ${command} (${error.code ?? 'unknown'})`))
  end(127)
})
child.on('close', (code) => end(code ?? 1))

/** One message on its way; null: it is none. */
function message(line: string): Rpc | null {
  try {
    const value = JSON.parse(line) as unknown
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    return null
  }
}

const tools = new WholeTools()

function inbound(told: Rpc): Rpc {
  const rpc = tools.fromCli(told)
  const { params } = rpc
  if (fixedRoots && rpc.method === 'initialize') delete params?.capabilities?.['roots']
  if (aliases.length > 0 && rpc.method === 'tools/call' && params?.arguments !== undefined) {
    params.arguments = toReal(params.arguments, aliases, cwd)
  }
  return rpc
}

function outbound(rpc: Rpc): unknown {
  const whole = tools.fromServer(rpc)
  return aliases.length > 0 ? toAlias(whole, aliases[0]!, cwd) : whole
}

const toServer = new LineSplitter((line) => {
  const rpc = message(line)
  if (rpc !== null) child.stdin.write(`${JSON.stringify(inbound(rpc))}\n`)
})
const toCli = new LineSplitter((line) => {
  const rpc = message(line)
  if (rpc === null || process.stdout.write(`${JSON.stringify(outbound(rpc))}\n`)) return
  child.stdout.pause()
  process.stdout.once('drain', () => child.stdout.resume())
})

function leave(): void {
  child.stdin.end()
  setTimeout(() => child.kill('SIGKILL'), graceMs)
}

process.stdin.on('data', (chunk: Buffer) => toServer.push(chunk))
process.stdin.on('end', leave)
child.stdout.on('data', (chunk: Buffer) => toCli.push(chunk))
for (const stream of [child.stdin, process.stdout]) stream.on('error', () => child.kill('SIGKILL'))
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    child.kill(signal)
    leave()
  })
}
