import type { ClaudeRequest } from '../../request/conversation.js'
import { type ControlRequest, type PromptWay, processSettings, promptOf, promptSetting } from './settings.js'
import { type TurnSettings, changes, isThoughtless, noSettings, turnSettings } from './turn-settings.js'

/** A request whose answer shows that a process is well, and that changes nothing. */
export const anything: ControlRequest = { subtype: 'mcp_status' }

/** What a process has been told that is not said: its prompt, and what is set for the calls of the API. */
export class ToldSettings {
  private set = noSettings
  private said: string | null = null

  /** null: it has been told nothing yet */
  get prompt(): string | null {
    return this.said
  }

  /** Whether a request's answer may be as long, and thinks as, the one that is open: between a call and its result the CLI does not look at these again. */
  isOpenTo(request: ClaudeRequest): boolean {
    const next = this.next(request, true)
    return next.maxTokens === this.set.maxTokens && next.thinking === this.set.thinking
  }

  /** What is to be said before a request's question. `live`: the process waits for the results of its calls. */
  take(request: ClaudeRequest, live: boolean, way: PromptWay, isExercised: boolean): ControlRequest[] {
    const next = this.next(request, live)
    const turn = changes(this.set, next)
    this.set = next
    const before = this.said
    this.said = promptOf(request)
    // lines of the turn before may still be on their way, so that only an answer shows that it is well
    if (before === this.said) return turn.length > 0 ? turn : [anything]
    if (before !== null) return [promptSetting(request.model, this.said), ...turn]
    const all = [...processSettings(request, way, isExercised), ...turn]
    return all.length > 0 ? all : [anything]
  }

  private next(request: ClaudeRequest, live: boolean): TurnSettings {
    const results = request.turns.at(-1)?.content.some((block) => block.type === 'tool_result') === true
    // of a replayed call the client has no thoughts; a process that made the call has them, if it had any
    return turnSettings(request, results && (!live || isThoughtless(this.set)))
  }
}
