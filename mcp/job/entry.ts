/** One server of an MCP config, in the format that the ecosystem uses for `.mcp.json`. */
import { z } from 'zod'
import type { McpServer } from '../../src/request/conversation.js'
import { usualEntry } from './entry-dialects.js'

/** A name becomes part of every tool's name (`mcp__<server>__<tool>`), so two underscores in a row would be ambiguous. */
export const serverName = /^(?!.*__)[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/
/** Names that would meet the client's functions, or a member every object has. */
const taken = new Set(['client', 'constructor', 'prototype'])

export function isServerName(name: string): boolean {
  return serverName.test(name) && !taken.has(name)
}

const text = z
  .string()
  .max(4096, 'it is longer than 4096 characters')
  .regex(/^[^\0]*$/, 'it holds a NUL character')

/** How long a call of one of its tools may take, in milliseconds; below 1000 it is in seconds, as some programs write it. */
const timeout = z
  .int()
  .min(1)
  .max(86_400_000)
  .transform((given) => (given < 1000 ? given * 1000 : given))
  .optional()

export const stdioSchema = z.object({
  timeout,
  type: z.literal('stdio').optional(),
  command: text.min(1, 'it must not be empty'),
  args: z.array(text).max(64).optional(),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'no name of a variable'), text).optional(),
})

/** Members of a request that are the connection's business (RFC 9110, 7.6.1), and the one that says which host is meant. */
const reserved = /^(host|connection|content-length|transfer-encoding|keep-alive|upgrade|te|trailer|proxy-.*)$/i

export const httpSchema = z.object({
  timeout,
  type: z.enum(['http', 'streamable-http', 'sse']).optional(),
  url: text,
  headers: z
    .record(
      z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'no name of a header')
        .refine((name) => !reserved.test(name), 'not a header that may be set'),
      z
        .string()
        .max(4096)
        .regex(/^[\t\x20-\x7e]*$/, 'a header takes printable ASCII only'),
    )
    .optional(),
})

/** Variables or headers of a server. */
const maxPairs = 500

/** A value as a server, or what is wrong with it and where (`headers.x`), without the value: it may be a secret. */
export function readEntry(given: unknown): { server: McpServer; unknown: string[] } | { problem: string; at: string } {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return { problem: 'expected an object', at: '' }
  const value = usualEntry(given as Record<string, unknown>)
  const remote = 'url' in value && !('command' in value)
  const schema = remote ? httpSchema : stdioSchema
  for (const member of ['env', 'headers'] as const) {
    const pairs: unknown = Object.hasOwn(value, member) ? value[member] : null
    const count = typeof pairs === 'object' && pairs !== null ? Object.keys(pairs).length : 0
    if (count > maxPairs) return { problem: `it has ${count} members, more than ${maxPairs}`, at: member }
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    const inKey = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined
    return { problem: inKey ?? issue.message, at: issue.path.map((key) => String(key).slice(0, 64)).join('.') }
  }
  const unknown = Object.keys(value).filter((key) => !Object.hasOwn(schema.shape, key))
  if (!('url' in parsed.data)) return { server: { ...parsed.data, type: 'stdio' }, unknown }
  const { type = 'http', ...rest } = parsed.data
  return { server: { ...rest, type: type === 'sse' ? 'sse' : 'http' }, unknown }
}
