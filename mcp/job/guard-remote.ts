/**
 * A small program between the CLI and one HTTP server of a job: `node guard-remote.js <the job's config> <name>`.
 *
 * It passes the messages on as they are, but for the texts of tools, which the CLI would cut (`whole-tool.ts`). Why a server cannot be
 * reached goes into a file, as the CLI does not say it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import { EnvHttpProxyAgent, fetch } from 'undici'
import { LineSplitter } from '../../src/lines.js'
import type { GuardedRemote } from './guard-config.js'
import { WholeTools } from './whole-tool.js'

type Message = JSONRPCMessage & { id?: string | number; method?: string; result?: { protocolVersion?: string } }

/** How long the server may take to hear that its session is over. */
const leaveMs = 1000

const [, , file = '', name = ''] = process.argv
const config = JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: Record<string, GuardedRemote> }
const remote = config.mcpServers[name]!
const transport = await open(remote)

async function open({ type, url, headers = {} }: GuardedRemote): Promise<Transport & { terminateSession?(): Promise<void> }> {
  // a tool may take as long as its job does, which has limits of its own
  const dispatcher = new EnvHttpProxyAgent({ headersTimeout: 0, bodyTimeout: 0 })
  const options = {
    requestInit: { headers },
    fetch: (target: string | URL, init?: RequestInit) => fetchWithin(new URL(target), { ...init, dispatcher, redirect: 'manual' }),
  }
  if (type === 'sse') {
    const { SSEClientTransport } = await import('@modelcontextprotocol/sdk/client/sse.js')
    return new SSEClientTransport(new URL(url), options)
  }
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js')
  return new StreamableHTTPClientTransport(new URL(url), options)
}

/** Redirects of one request. */
const mostRedirects = 5

/** Follows redirects within the origin and no others: what a server may be asked for is decided by its address. */
async function fetchWithin(target: URL, init: object, redirects = 0): Promise<Response> {
  const response = (await fetch(target, init)) as unknown as Response
  const location = response.headers.get('location')
  if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response
  await response.body?.cancel()
  const next = new URL(location, target)
  if (next.origin !== target.origin) throw new Error('it redirects to another address')
  if (redirects === mostRedirects) throw new Error('it redirects too often')
  // a message is posted again, whatever the status says: there is no other way to send one
  return fetchWithin(next, init, redirects + 1)
}

function toCli(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

/** @returns one line, with what stands behind it: `fetch failed` alone says nothing */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message || (cause as NodeJS.ErrnoException).code}` : message
}

function giveUp(error: unknown): never {
  try {
    writeFileSync(remote.stderr, reasonOf(error), { mode: 0o600 })
  } catch {
    // the job's folder has gone
  }
  process.exit(1)
}

const tools = new WholeTools()
let initialize: string | number | undefined

transport.onmessage = (message: Message) => {
  // the transport is told in which version the two have agreed to speak; later requests name it
  if (initialize !== undefined && message.id === initialize && message.result?.protocolVersion !== undefined) {
    transport.setProtocolVersion?.(message.result.protocolVersion)
  }
  toCli(tools.fromServer(message))
}
// each request is told of its own failure; a stream that breaks is opened anew by the transport
transport.onerror = () => {}

async function pass(message: Message): Promise<void> {
  try {
    await transport.send(tools.fromCli(message))
  } catch (error) {
    if (message.method === 'initialize') giveUp(error)
    if (message.id !== undefined && message.method !== undefined) {
      toCli({ jsonrpc: '2.0', id: message.id, error: { code: -32_000, message: reasonOf(error) } })
    }
  }
}

/** What comes after a notification may rest on it; requests run beside each other. */
let told: Promise<void> = transport.start().catch(giveUp)

const fromCli = new LineSplitter((line) => {
  let message: Message
  try {
    message = JSON.parse(line) as Message
  } catch {
    return
  }
  if (message.method === 'initialize') initialize = message.id
  const sent = told.then(() => pass(message))
  if (message.id === undefined || message.method === undefined) told = sent
})

let leaving = false

async function leave(): Promise<void> {
  if (leaving) return
  leaving = true
  setTimeout(() => process.exit(0), leaveMs)
  await transport.terminateSession?.().catch(() => {})
  process.exit(0)
}

process.stdin.on('data', (chunk: Buffer) => fromCli.push(chunk))
const leaveNow = () => {
  leave().catch(() => process.exit(1))
}
process.stdin.on('end', leaveNow)
process.stdout.on('error', leaveNow)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, leaveNow)
