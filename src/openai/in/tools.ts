/** The functions a client offers, and which of them the model may or must call. */
import type { ChatRequest } from './chat-request.js'
import type { ClaudeRequest, ClientTool, Conversation } from '../../request/conversation.js'
import type { Ignored } from '../../request/ignored.js'
import { refuse } from '../../errors/refuse.js'
import { type Chosen, choose } from './tool-choice.js'
import { readFunctions, readTools } from './tool-definitions.js'

type Offer = Pick<ClaudeRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>

/** Throws 400 with `param`. Nothing is offered where the result has no `tools`. */
export function toOffer(body: ChatRequest, conversation: Conversation, ignored: Ignored): Offer {
  const { tools, choice } = offered(body, ignored)
  if (tools.length === 0) {
    if (choice !== 'auto' && choice !== 'none') {
      const param = body.tool_choice == null ? 'function_call' : 'tool_choice'
      throw refuse('invalid_value', param, 'there are no tools to choose from')
    }
    const before = toolsOf(conversation)
    // the API takes a history with calls only beside tools
    return before.length === 0 ? {} : { tools: before, toolChoice: 'none' }
  }
  const one = body.parallel_tool_calls === false || (body.functions?.length ?? 0) > 0 || isOneAtATime(body.tool_choice)
  return { tools, ...(choice !== 'auto' && { toolChoice: choice }), ...(one && { parallelToolCalls: false as const }) }
}

function offered(body: ChatRequest, ignored: Ignored): Chosen {
  const current = body.tools ?? []
  if (current.length > 0 && (body.functions?.length ?? 0) > 0) {
    throw refuse('invalid_value', 'functions', "it is the former name of 'tools' and cannot stand beside it")
  }
  if (current.length > 0) return choose(readTools(current, ignored), body.tool_choice ?? 'auto', 'tool_choice', ignored)
  const tools = readFunctions(body.functions ?? [], ignored)
  if (body.tool_choice != null) return choose(tools, body.tool_choice, 'tool_choice', ignored)
  return choose(tools, body.function_call ?? 'auto', 'function_call', ignored)
}

/** Anthropic says it beside the choice. */
function isOneAtATime(choice: ChatRequest['tool_choice']): boolean {
  return typeof choice === 'object' && choice !== null && choice['disable_parallel_tool_use'] === true
}

/** The functions that a history speaks of, when the request offers none. */
function toolsOf({ turns }: Conversation): ClientTool[] {
  const names = new Set<string>()
  for (const { content } of turns) for (const block of content) if (block.type === 'tool_use') names.add(block.name)
  return [...names].map((name) => ({ name, parameters: { type: 'object', properties: {} } }))
}
