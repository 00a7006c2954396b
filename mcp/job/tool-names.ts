/** The entries of `allowed_tools`: tools of MCP servers, and the CLI's file tools. */

/** The CLI's file tools and what allows each of them inside the working directory only (docs/cli-protocol.md). */
export const fileTools: Readonly<Record<string, string>> = {
  Read: 'Read(./**)',
  Glob: 'Read(./**)',
  Grep: 'Read(./**)',
  Write: 'Edit(./**)',
  Edit: 'Edit(./**)',
}

/** Former names. */
const formerly: Readonly<Record<string, string>> = { LS: 'Glob', MultiEdit: 'Edit' }

export type ToolAsk = { kind: 'server'; server: string } | { kind: 'tool'; server: string; tool: string } | { kind: 'file'; tool: string }

/** Null for what is no tool that could be allowed: `Bash` above all. */
export function readToolName(name: string): ToolAsk | null {
  const own = name.replace(/\(\.\/\*\*\)$/, '')
  const file = Object.hasOwn(formerly, own) ? formerly[own]! : own
  if (Object.hasOwn(fileTools, file)) return { kind: 'file', tool: file }
  const [, server, tool] = /^mcp__((?:(?!__).)+)(?:__(.+))?$/.exec(name) ?? []
  if (server === undefined) return null
  return tool === undefined || tool === '*' ? { kind: 'server', server } : { kind: 'tool', server, tool }
}

/** A server's name for a tool -> the end of the name the model sees, as the CLI makes it. */
export function asSeenByModel(tool: string): string {
  return tool.replace(/[^A-Za-z0-9_-]/g, '_')
}
