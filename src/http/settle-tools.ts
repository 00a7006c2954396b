import { mergeTools } from '../../mcp/merge.js'
import type { McpRules } from '../../mcp/registry.js'
import { createIgnored } from '../openai/ignored.js'
import type { ParsedRequest } from '../openai/parse-request.js'

/**
 * Holds what a request asks for beside words against what this server allows.
 *
 * @throws BridgeError as {@link mergeTools} does
 */
export function settleTools(parsed: ParsedRequest, rules: McpRules): ParsedRequest {
  if (parsed.mcp === undefined) return parsed
  const ignored = createIgnored(parsed.ignored)
  const inside = mergeTools(parsed.mcp, rules, ignored)
  return { ...parsed, run: { ...parsed.run, ...(inside && { inside }) }, ignored: ignored.names() }
}
