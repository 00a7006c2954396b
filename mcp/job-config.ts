/**
 * The MCP config of one job: a file of its own, readable by nobody else, that the CLI is told to use and to use alone. A job has
 * no servers yet; the file says so, whatever else lies on the machine.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'

/** The format that the ecosystem uses for `.mcp.json`. */
export interface McpConfig {
  mcpServers: Record<string, unknown>
}

/** Writes the config below `root`; returns its path. */
export async function writeJobConfig(root: string, config: McpConfig = { mcpServers: {} }): Promise<string> {
  const file = path.join(root, 'mcp.json')
  await writeFile(file, JSON.stringify(config), { mode: 0o600, flag: 'wx' })
  return file
}
