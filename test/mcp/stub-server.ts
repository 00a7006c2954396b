/**
 * A stdio MCP server that misbehaves: `node stub-server.js <how>`. What it says of itself goes to standard error.
 *
 * - `hang`: never answers
 * - `crash`: ends at once
 * - `chatter`: writes rubbish on both streams, and works
 * - `stay`: works, and leaves a process behind in a session and an environment of its own
 * - `deaf`: works, and ignores every signal and the end of its input
 * - `environment`: works; its tool gives its environment and arguments
 * - `grow`, `many`: works; its tool fills the folder, with one file or with many
 * - `keys`: works; its tool has keys that the model's API does not take, and gives its arguments
 * - `slow`: works; its tool takes five seconds
 */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const how = process.argv[2] ?? ''

interface Rpc {
  id?: number
  method: string
  params?: { protocolVersion?: string; arguments?: unknown }
}

const keyed = { type: 'object', properties: { $top: { type: 'integer' }, größe: { type: 'object', properties: { 'a b': {} } } } }

function call(args: unknown): string {
  if (how === 'keys') return JSON.stringify(args)
  if (how === 'stay') {
    // survives its parent, its group, its session; and its environment tells nothing
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore', env: {} })
    child.unref()
    return String(child.pid)
  }
  if (how === 'environment') return JSON.stringify({ ...process.env, argv: process.argv.slice(2) })
  if (how === 'grow') for (let i = 0; i < 8; i++) writeFileSync(`${i}.bin`, Buffer.alloc(512 * 1024, 7))
  if (how === 'many') {
    mkdirSync('many')
    for (let i = 0; i < 100; i++) writeFileSync(`many/${i}`, '')
  }
  return 'called'
}

function answer({ method, params }: Rpc): object {
  if (method === 'initialize') {
    return { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'stub', version: '1' } }
  }
  if (method === 'tools/list')
    return { tools: [{ name: 'call', inputSchema: how === 'keys' ? keyed : { type: 'object', properties: {} } }] }
  return { content: [{ type: 'text', text: call(params?.arguments) }] }
}

console.error(`stub: this is how: ${how}; key ${process.env['STUB_KEY'] ?? 'none'}`)
if (how === 'crash') process.exit(3)
if (how === 'deaf') for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
if (how === 'deaf' || how === 'hang') setInterval(() => {}, 1000)
if (how === 'chatter') {
  setInterval(() => {
    console.error('e'.repeat(10_000))
    process.stdout.write(`rubbish ${'o'.repeat(10_000)}\n{"not": \n[1\n`)
  }, 1)
}
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const rpc = JSON.parse(line) as Rpc
    if (how === 'hang' || rpc.id === undefined) return
    const write = () => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: answer(rpc) })}\n`)
    if (how === 'slow' && rpc.method === 'tools/call') setTimeout(write, 5000)
    else write()
  })
  .on('close', () => {
    if (how !== 'deaf') process.exit(0)
  })
