/** Reads the messages of the model's API, streamed or whole, passes on what they say, and tells which of them ends the turn. */
import { amountIn, objectIn, textIn } from '../protocol/loose.js'
import type { CliMessage } from '../protocol/messages.js'
import { type OutputReader, outputTool } from '../protocol/output-reader.js'
import { ActivityReader } from './activity.js'
import { AnswerWriter } from './answer-writer.js'
import { CallReader } from './call-reader.js'
import { TokenCount } from './token-count.js'
import type { TurnOptions } from './turn-options.js'
import { labelIn, textsOf } from './whole-messages.js'

/**
 * `broken`: a message was given up for another one, and something of it is out already. `calls`: the process waits for their results; not
 * after `refused_calls`, of which the CLI has turned one down and asks the model again. `too_dear`: the CLI would ask again, and the job has
 * cost what it may.
 */
export type MessageEnd = 'length' | 'too_dear' | 'calls' | 'refused_calls' | 'stop' | 'broken'

export class MessageReader {
  readonly writer: AnswerWriter
  readonly activity: ActivityReader
  private readonly calls: CallReader
  private readonly tokens = new TokenCount((tokens, prompt) => this.options.spent?.({ model: this.model, tokens, prompt }))
  private readonly streamed = new Set<string>()
  /** messages that came whole, in one or several pieces, and whose tokens are counted */
  private readonly counted = new Set<string>()
  /** a message has begun upstream and has not come to its own end */
  private open = false
  private answered = false
  private model: string | null = null

  constructor(
    private readonly options: TurnOptions,
    private readonly output: OutputReader | null,
  ) {
    const { choice, stop = [], functions = new Map<string, string>(), custom = new Set<string>(), emit } = options
    this.calls = new CallReader(choice, functions, custom, emit, options.keys?.tools)
    this.activity = new ActivityReader(choice, emit)
    this.writer = new AnswerWriter(choice, stop, output, emit)
  }

  get isOpen(): boolean {
    return this.open
  }

  get answeredBy(): string | null {
    return this.model
  }

  get usage(): TokenCount['usage'] {
    return this.tokens.usage
  }

  /** Takes an event of a stream; null while the turn goes on. */
  event(event: Record<string, unknown>): MessageEnd | null {
    const block = amountIn(event['index']) ?? 0
    switch (event['type']) {
      case 'message_start':
        if (this.isAbandoned()) return 'broken'
        this.starts(objectIn(event['message']))
        return null
      case 'content_block_start': {
        const started = objectIn(event['content_block'])
        if (started?.['type'] === 'tool_use') this.call(block, textIn(started['name']), textIn(started['id']) ?? '')
        return null
      }
      case 'content_block_delta':
        return this.delta(block, objectIn(event['delta']))
      case 'content_block_stop':
        this.calls.stop(block)
        this.activity.stop(block)
        return null
      case 'message_delta': {
        this.tokens.update(event['usage'])
        const stopReason = objectIn(event['delta'])?.['stop_reason']
        return stopReason == null ? null : this.ends(textIn(stopReason) ?? '')
      }
      default:
        return null
    }
  }

  /** Takes a complete message. It repeats what was streamed, and counts only where nothing was. */
  whole(message: CliMessage): MessageEnd | null {
    const said = objectIn(message['message'])
    const id = textIn(said?.['id'])
    if (id === undefined ? this.open : this.streamed.has(id)) return null
    const texts = textsOf(message)
    if (texts.length === 0) return null
    if (this.isAbandoned()) return 'broken'
    this.open = false
    this.model = labelIn(said?.['model']) ?? this.model
    if (id === undefined || !this.counted.has(id)) this.tokens.start(said?.['usage'])
    if (id !== undefined) this.counted.add(id)
    return texts.some((text) => this.writer.text(text)) ? 'stop' : null
  }

  private starts(message: Record<string, unknown> | undefined): void {
    const id = textIn(message?.['id'])
    this.open = true
    if (id !== undefined) this.streamed.add(id)
    this.model = labelIn(message?.['model']) ?? this.model
    this.answers()
    this.tokens.start(message?.['usage'])
    this.output?.startMessage()
  }

  /** The API has said 200. Told once: what a turn asks further is behind an answer that has begun. */
  private answers(): void {
    if (this.answered) return
    this.answered = true
    const model = this.model === null ? {} : { model: this.model }
    this.options.emit({ type: 'status', status: 'in_progress', answered: true, ...model })
  }

  /**
   * Called where a message begins: one that is still open has been given up for it. True where something of that one is out already: the
   * CLI asked again behind our back.
   */
  private isAbandoned(): boolean {
    if (!this.open) return false
    if (!this.writer.contentSeen) this.writer.dropHeld()
    return this.writer.contentSeen
  }

  private delta(block: number, delta: Record<string, unknown> | undefined): MessageEnd | null {
    switch (delta?.['type']) {
      case 'text_delta':
        return this.writer.text(textIn(delta['text']) ?? '') ? 'stop' : null
      case 'thinking_delta':
        this.writer.reasoning(textIn(delta['thinking']) ?? '')
        return null
      case 'input_json_delta':
        this.input(block, textIn(delta['partial_json']) ?? '')
        return null
      default:
        return null
    }
  }

  private ends(stopReason: string): MessageEnd | null {
    this.open = false
    if (stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded') {
      this.writer.cutShort()
      return 'length'
    }
    if (this.calls.any) {
      this.writer.commentary()
      return this.calls.whole ? 'calls' : 'refused_calls'
    }
    if (stopReason !== 'tool_use') return null
    // the answer's own tool is the last that is called
    if (this.output === null && (this.options.cutBy?.() ?? null) !== null) return 'too_dear'
    this.writer.part()
    return null
  }

  /** What is no function of the client's is used inside the run; the CLI turns down a name that is not offered. */
  private call(block: number, name: string | undefined, id: string): void {
    if (name === undefined) return
    if (name === outputTool) return this.output?.start(block)
    if (!this.calls.knows(name)) return this.activity.start(block, name, id)
    this.writer.beforeCall()
    this.calls.start(block, name, id)
  }

  private input(block: number, piece: string): void {
    if (this.output?.delta(block, piece) === true || this.calls.delta(block, piece)) return
    this.activity.input(block, piece)
  }
}
