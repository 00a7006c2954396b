/**
 * A stdio MCP server whose tool leaves a process behind that has no environment and works in `/`: `node leaving-server.js <how>`. The tool
 * gives the process's id.
 *
 * - `bare`: in the server's own session
 * - `session`: in a session of its own
 * - `orphan`: in the server's session; its parent has left before the tool answers
 * - `daemon`: in a session of its own; its parent has left before the tool answers
 */
import { execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const how = process.argv[2] ?? ''

const lasting = 'setInterval(() => {}, 1000)'
const options = { detached: how === 'session' || how === 'daemon', stdio: 'ignore', env: {}, cwd: '/' } as const

function leave(): string {
  if (how === 'bare' || how === 'session') {
    const child = spawn(process.execPath, ['-e', lasting], options)
    child.unref()
    return String(child.pid)
  }
  const parent = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(lasting)}], ${JSON.stringify(options)})
    console.log(child.pid)
    child.unref()`
  return execFileSync(process.execPath, ['-e', parent], { encoding: 'utf8' }).trim()
}

interface Rpc {
  id?: number
  method: string
  params?: { protocolVersion?: string }
}

function answer({ method, params }: Rpc): object {
  if (method === 'initialize') {
    return { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'leaving', version: '1' } }
  }
  if (method === 'tools/list') return { tools: [{ name: 'call', inputSchema: { type: 'object', properties: {} } }] }
  return { content: [{ type: 'text', text: leave() }] }
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const rpc = JSON.parse(line) as Rpc
    if (rpc.id !== undefined) process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: answer(rpc) })}\n`)
  })
  .on('close', () => process.exit(0))
