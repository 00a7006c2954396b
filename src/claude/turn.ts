/**
 * Reads one turn: CLI messages in, events of the job and in the end one outcome out. No I/O.
 *
 * The outcome is decided once, from structured fields. Text is passed on once, whatever the CLI does behind it: when it
 * asks again after something had been passed on, the turn has failed, for a second answer would be glued to half a first.
 */
import type { JobEvent, Usage } from '../jobs/events.js'
import type { Outcome } from '../jobs/executor.js'
import { classify } from './failure.js'
import type {
  ApiRetry,
  ApiUsage,
  AssistantMessage,
  CliMessage,
  RateLimitEvent,
  ResultMessage,
  StreamEvent,
} from './messages.js'
import { StopCutter } from './stop-cutter.js'

/** `ending` is there with the last message of the turn. `kill`: the process must not get to ask the API again. */
export interface Ending {
  outcome: Outcome
  kill: boolean
}

/** A longer wait than this is the client's to decide, so the turn ends and says how long it is. */
const patienceMs = 2000

export class TurnReader {
  private ending: Ending | null = null
  private contentSeen = false
  /** a message has begun upstream and has not come to its own end */
  private messageOpen = false
  private readonly streamed = new Set<string>()
  private readonly cutter: StopCutter
  private readonly spent: Usage = {
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: null,
  }
  private messageOutput = 0
  private messageThinking: number | null = null
  private answeredBy: string | null = null
  private sessionId: string | null = null
  private errorSeen: AssistantMessage | null = null
  private retryDelayMs: number | null = null
  private limitResetsAt: number | null = null

  constructor(
    private readonly choice: number,
    private readonly model: string,
    stop: readonly string[],
    private readonly emit: (event: JobEvent) => void,
  ) {
    this.cutter = new StopCutter(stop)
  }

  /** Takes one message; null while the turn goes on. Messages after the ending change nothing. */
  read(message: CliMessage): Ending | null {
    if (this.ending !== null) return this.ending
    // a sub-agent's messages are not the answer
    if (typeof message.parent_tool_use_id === 'string') return null
    if (message.session_id !== undefined) this.sessionId = message.session_id || this.sessionId
    switch (message.type) {
      case 'stream_event':
        this.streamEvent(message['event'] as StreamEvent | null | undefined)
        break
      case 'assistant':
        this.assistant(message as AssistantMessage)
        break
      case 'system':
        if (message.subtype === 'api_retry') this.retry(message)
        break
      case 'rate_limit_event': {
        const info = (message as RateLimitEvent).rate_limit_info
        if (info?.status === 'rejected') this.limitResetsAt = info.resetsAt ?? null
        break
      }
      case 'result':
        this.result(message as ResultMessage)
        break
    }
    return this.ending
  }

  /** What is known of tokens so far, for a run that is cut short. */
  get usage(): Usage {
    return {
      ...this.spent,
      outputTokens: this.spent.outputTokens + this.messageOutput,
      reasoningTokens:
        this.messageThinking === null ? this.spent.reasoningTokens : (this.spent.reasoningTokens ?? 0) + this.messageThinking,
    }
  }

  private streamEvent(event: StreamEvent | null | undefined): void {
    if (event == null) return
    switch (event.type) {
      case 'message_start':
        if (this.abandoned()) return
        this.messageOpen = true
        if (event.message?.id !== undefined) this.streamed.add(event.message.id)
        this.answeredBy = event.message?.model ?? this.answeredBy
        this.startMessage(event.message?.usage)
        break
      case 'content_block_delta':
        if (event.delta?.type === 'text_delta') this.text(event.delta.text ?? '')
        else if (event.delta?.type === 'thinking_delta') this.reasoning(event.delta.thinking ?? '')
        break
      case 'message_delta':
        if (event.usage !== undefined) this.messageUsage(event.usage)
        if (event.delta?.stop_reason != null) this.messageEnds(event.delta.stop_reason)
        break
    }
  }

  /**
   * Called where a message begins: one that is still open has been given up for it. True if that ended the turn, because the CLI
   * asked again behind our back and something of the first answer is out already.
   */
  private abandoned(): boolean {
    if (!this.messageOpen) return false
    if (this.contentSeen) this.interrupted()
    else this.cutter.rest()
    return this.contentSeen
  }

  private messageEnds(stopReason: string): void {
    this.messageOpen = false
    // the CLI would ask up to three times more and glue the answers together
    if (stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded') {
      this.finish({ kind: 'finished', reason: 'length' }, null, true)
    }
  }

  private text(text: string): void {
    const { text: clear, stopped } = this.cutter.push(text)
    if (clear !== '') {
      this.contentSeen = true
      this.emit({ type: 'text', choice: this.choice, text: clear })
    }
    if (stopped) this.finish({ kind: 'finished', reason: 'stop' }, null, true)
  }

  private reasoning(text: string): void {
    if (text === '') return
    this.contentSeen = true
    this.emit({ type: 'reasoning', choice: this.choice, text })
  }

  /** Complete messages repeat what was streamed; they count only where nothing was, and where they carry an error. */
  private assistant(message: AssistantMessage): void {
    if (message.error !== undefined || message.message?.model === '<synthetic>') {
      if (message.error !== undefined) this.errorSeen = message
      return
    }
    const id = message.message?.id
    if (id === undefined ? this.messageOpen : this.streamed.has(id)) return
    const texts = textsOf(message)
    if (texts.length === 0 || this.abandoned()) return
    this.messageOpen = false
    this.answeredBy = message.message?.model ?? this.answeredBy
    for (const text of texts) {
      if (this.ending === null) this.text(text)
    }
  }

  private retry(retry: ApiRetry): void {
    const status = retry.error_status ?? null
    this.retryDelayMs = retry.retry_delay_ms ?? null
    if (this.contentSeen) return this.interrupted()
    const hopeless = status === 401 || status === 403 || status === 404
    const tooLong = status === 429 && (this.retryDelayMs ?? 0) > patienceMs
    if (hopeless || tooLong) return this.fail(retry.error ?? null, status, null, '', true)
    const reason = `asked again: ${retry.error ?? 'no answer'}${status === null ? '' : ` (${status})`}`
    this.emit({ type: 'status', status: 'in_progress', phase: 'waiting', reason })
  }

  private result(result: ResultMessage): void {
    if (result.is_error !== true) {
      // 2.1.197 calls a stream that broke off a success; a whole answer has come to its own end
      if (this.messageOpen && result.stop_reason == null) return this.interrupted()
      return this.finish({ kind: 'finished', reason: 'stop' }, result, false)
    }
    if (result.stop_reason === 'refusal') {
      const refusal = 'The model declined to answer.'
      return this.finish({ kind: 'finished', reason: 'refusal', refusal }, result, false)
    }
    if (this.errorSeen?.error === 'max_output_tokens') {
      return this.finish({ kind: 'finished', reason: 'length' }, result, false)
    }
    const said = this.errorSeen === null ? undefined : textsOf(this.errorSeen)[0]
    this.fail(
      this.errorSeen?.error ?? null,
      this.errorSeen?.api_error_status ?? result.api_error_status ?? null,
      result.terminal_reason ?? null,
      said ?? result.result ?? result.errors?.join('; ') ?? '',
      false,
    )
  }

  private interrupted(): void {
    this.fail(null, null, null, '', true)
  }

  private fail(
    category: string | null,
    status: number | null,
    terminalReason: string | null,
    text: string,
    kill: boolean,
  ): void {
    const failure = classify({
      category,
      status,
      terminalReason,
      text,
      contentSeen: this.contentSeen,
      retryDelayMs: this.retryDelayMs,
      limitResetsAt: this.limitResetsAt,
      model: this.model,
    })
    this.ending = { outcome: { kind: 'failed', failure }, kill }
  }

  private finish(outcome: Extract<Outcome, { kind: 'finished' }>, result: ResultMessage | null, kill: boolean): void {
    const rest = this.cutter.rest()
    if (rest !== '') this.emit({ type: 'text', choice: this.choice, text: rest })
    this.emit({
      type: 'usage',
      choice: this.choice,
      usage: usageOf(result?.usage) ?? this.usage,
      costUsd: result?.total_cost_usd ?? null,
      model: this.answeredBy,
      sessionId: this.sessionId,
    })
    this.ending = { outcome, kill }
  }

  private startMessage(usage: ApiUsage | undefined): void {
    this.spent.outputTokens += this.messageOutput
    if (this.messageThinking !== null) {
      this.spent.reasoningTokens = (this.spent.reasoningTokens ?? 0) + this.messageThinking
    }
    this.messageOutput = 0
    this.messageThinking = null
    this.spent.inputTokens += usage?.input_tokens ?? 0
    this.spent.cacheReadTokens += usage?.cache_read_input_tokens ?? 0
    this.spent.cacheWriteTokens += usage?.cache_creation_input_tokens ?? 0
    if (usage !== undefined) this.messageUsage(usage)
  }

  /** The API's figures within one message are running totals, not differences. */
  private messageUsage(usage: ApiUsage): void {
    this.messageOutput = usage.output_tokens ?? this.messageOutput
    this.messageThinking = usage.output_tokens_details?.thinking_tokens ?? this.messageThinking
  }
}

/** The texts of a complete message; none where its content is not what the API's is. */
function textsOf({ message }: AssistantMessage): string[] {
  const content: unknown = message?.content
  if (!Array.isArray(content)) return []
  return (content as ({ type?: string; text?: string } | null)[]).flatMap((block) =>
    block?.type === 'text' ? [block.text ?? ''] : [],
  )
}

/** The result's totals are the right ones for a turn, but all zero where the turn was cut short. */
function usageOf(usage: ApiUsage | undefined): Usage | null {
  if (usage === undefined || !usage.output_tokens) return null
  return {
    inputTokens: usage.input_tokens ?? 0,
    cacheReadTokens: usage.cache_read_input_tokens ?? 0,
    cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
    outputTokens: usage.output_tokens,
    reasoningTokens: usage.output_tokens_details?.thinking_tokens ?? null,
  }
}
