/** Servers and tools that a request had, held against what is allowed now: the registry, the policy and the key may be others since. */
import type { Ignored } from './ignored.js'
import type { JobServer, JobTools } from './conversation.js'
import type { ToolRules } from './mcp-ask.js'

/** Undefined: nothing of it is left. @throws BridgeError as {@link ToolRules.settle} does */
export function settleAgain({ servers, fileTools }: JobTools, rules: ToolRules, ignored: Ignored): JobTools | undefined {
  const files = fileTools.length === 0 ? undefined : rules.settle({ picks: [], inline: [], allowedTools: [...fileTools] }, ignored)
  const settled = {
    servers: servers.flatMap((server) => settleServer(server, rules, ignored)),
    fileTools: files?.fileTools ?? [],
  }
  return settled.servers.length + settled.fileTools.length === 0 ? undefined : settled
}

/** A server of the registry may go by another name in the job than its entry has. */
function settleServer(server: JobServer, rules: ToolRules, ignored: Ignored): JobServer[] {
  const { name, tools } = server
  const known = server.from === 'registry' ? server.entry : name
  const settled = rules.settle(
    {
      picks: server.from === 'registry' ? [known] : [],
      inline: server.from === 'registry' ? [] : [{ name, value: server.server, param: `mcp_config.mcpServers.${name}` }],
      ...(tools && { allowedTools: tools.map((tool) => `mcp__${known}__${tool}`) }),
    },
    ignored,
  )
  return (settled?.servers ?? []).map((one) => ({ ...one, name }))
}
