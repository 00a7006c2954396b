/**
 * The client's names of its functions and the names the model sees. The CLI puts `mcp__<server>__` in front of a tool's name, replaces
 * what is not a letter, digit, `_` or `-`, and passes on any length, while the API takes 64 characters for certain.
 */
import { createHash } from 'node:crypto'

/** The name of the MCP server that offers the client's functions to the CLI. */
export const clientServer = 'client'

const prefix = `mcp__${clientServer}__`
const longest = 64 - prefix.length
const hashLength = 8

/** A client's name -> the tool's name within {@link clientServer}. Names that have to be changed get a hash, so that none meets another. */
export function toolName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_-]/g, '_')
  if (plain === name && name.length <= longest) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, hashLength)
  return `${plain.slice(0, longest - hashLength - 1)}_${hash}`
}

/** A client's name -> what the model calls it. */
export function modelName(name: string): string {
  return prefix + toolName(name)
}
