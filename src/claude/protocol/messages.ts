/**
 * The CLI's output lines, as far as we read them. Only `type` is sure to be there, and not even that it is a text: a member that a
 * version does not write, or writes in another way, is a case and not a crash (`loose.ts` reads the members).
 */
export interface CliMessage {
  type: string
  subtype?: string
  parent_tool_use_id?: string | null
  session_id?: string
  [key: string]: unknown
}
