import { isContent, type JobEvent } from '../../jobs/events.js'
import { callName } from '../../request/call-names.js'
import type { AssistantBlock } from '../../request/conversation.js'

/** What the client gets to see of an answer, as it will send it back, and whether there is anything at all. */
export class AnswerSoFar {
  any = false
  private text = ''
  private commentary = ''
  private readonly calls: { id: string; name: string; text: string }[] = []

  add(event: JobEvent): void {
    // what a tool has done cannot be done again
    if (isContent(event) || event.type === 'tool_activity') this.any = true
    if (event.type === 'text') this.text += event.text
    if (event.type === 'commentary') this.commentary += event.text
    if (event.type !== 'tool_call') return
    const call = (this.calls[event.index] ??= { id: event.id ?? '', name: callName(event.name ?? '', event.namespace), text: '' })
    call.text += event.arguments
  }

  /** @param withCommentary whether the client sends back what was said before the calls: in a Responses request it is an item */
  blocks(withCommentary: boolean): AssistantBlock[] {
    const calls = this.calls.map(({ id, name, text }): AssistantBlock => {
      return { type: 'tool_use', id, name, input: JSON.parse(text || '{}') as Record<string, unknown> }
    })
    const texts = [withCommentary ? this.commentary : '', this.text].filter((text) => text.trim() !== '')
    return [...texts.map((text): AssistantBlock => ({ type: 'text', text })), ...calls]
  }
}
