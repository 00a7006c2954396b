import { z } from 'zod'
import type { ChildTools } from '../child-jobs.js'

/** Parameters of validators that ask a model. */
export const modelParams = {
  validation_model_alias: z.string().min(1).max(200).optional().describe('model of the child job, named as in a request'),
  mcp_config: z.record(z.string(), z.unknown()).optional().describe("MCP servers of the child job, as a request's `mcp_config`"),
  required_mcp_tools: z
    .array(z.string().min(1))
    .max(100)
    .optional()
    .describe('names of MCP servers of the registry that the child job gets'),
  allowed_tools: z.array(z.string().min(1)).max(1000).optional(),
}

export const modelRenames = {
  model: 'validation_model_alias',
  validation_model: 'validation_model_alias',
  mcp_servers: 'required_mcp_tools',
}

interface ToolParams {
  mcp_config?: Record<string, unknown> | undefined
  required_mcp_tools?: string[] | undefined
  allowed_tools?: string[] | undefined
}

/** Servers that the request brings itself need not be picked from the registry. */
export function childTools({ mcp_config, required_mcp_tools, allowed_tools }: ToolParams): { tools?: ChildTools } {
  const own = mcp_config?.mcpServers
  const brought = typeof own === 'object' && own !== null ? Object.keys(own) : []
  const servers = (required_mcp_tools ?? []).filter((name) => !brought.includes(name))
  const tools: ChildTools = {
    ...(mcp_config && { mcp_config }),
    ...(servers.length > 0 && { mcp_servers: servers }),
    ...(allowed_tools && { allowed_tools }),
  }
  return Object.keys(tools).length > 0 ? { tools } : {}
}
