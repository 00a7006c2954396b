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

interface Named {
  name: string
}

const none: readonly Named[] = []
const known = new WeakMap<readonly Named[], ReadonlyMap<string, string>>()

/**
 * A client's name -> the tool's name within {@link clientServer}. Names that have to be changed get a hash. Among the tools of one request
 * different names stay different: a hash that makes another one's name is made anew.
 *
 * @param tools those that the request offers; the same list gives the same names, whatever its order
 */
export function toolName(name: string, tools: readonly Named[] = none): string {
  let names = known.get(tools)
  if (names === undefined) known.set(tools, (names = namesOf(tools)))
  return names.get(name) ?? plainOf(name) ?? hashed(name, 0)
}

/** A client's name -> what the model calls it. */
export function modelName(name: string, tools: readonly Named[] = none): string {
  return prefix + toolName(name, tools)
}

function namesOf(tools: readonly Named[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Set(tools.map(({ name }) => plainOf(name)))
  for (const name of tools.map((tool) => tool.name).sort()) {
    if (plainOf(name) !== null || names.has(name)) continue
    let made = hashed(name, 0)
    for (let round = 1; taken.has(made); round++) made = hashed(name, round)
    taken.add(made)
    names.set(name, made)
  }
  return names
}

/** Null for a name that has to be changed. */
function plainOf(name: string): string | null {
  return /^[A-Za-z0-9_-]*$/.test(name) && name.length <= longest ? name : null
}

function hashed(name: string, round: number): string {
  const plain = name.replace(/[^A-Za-z0-9_-]/g, '_')
  const hash = createHash('sha256')
    .update(round === 0 ? name : `${round} ${name}`)
    .digest('hex')
    .slice(0, hashLength)
  return `${plain.slice(0, longest - hashLength - 1)}_${hash}`
}
