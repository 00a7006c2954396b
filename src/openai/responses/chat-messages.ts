/** The messages of a chat request as they are written here: before its schema has seen them. */
export type ChatPart =
  | { type: 'text'; text: string }
  | { type: 'refusal'; refusal: string }
  | { type: 'image_url'; image_url: { url: string } }
  | { type: 'file'; file: { file_data: string; filename?: string } }

export interface ChatCall {
  id: string
  type: 'function'
  function: { name: string; namespace?: string; arguments: string }
}

export interface ChatAssistant {
  role: 'assistant'
  content: ChatPart[]
  refusal?: string
  tool_calls: ChatCall[]
}

export type ChatMessage =
  | { role: 'user' | 'system' | 'developer'; content: string | ChatPart[] }
  | ChatAssistant
  | { role: 'tool'; tool_call_id: string; content: string | ChatPart[] }
