/**
 * Reads one turn: CLI messages in, events of the job and in the end one outcome out. No I/O.
 *
 * The outcome is decided once, from structured fields. Text is passed on once, whatever the CLI does behind it: when it
 * asks again after something had been passed on, the turn has failed, for a second answer would be glued to half a first.
 */
import type { JobEvent } from '../../jobs/events.js'
import type { Outcome } from '../../jobs/executor.js'
import { ActivityReader } from './activity.js'
import { CallReader } from './call-reader.js'
import { classify } from './failure.js'
import { amountIn, objectIn, objectsIn, textIn } from '../protocol/loose.js'
import type { KeyNames } from '../../schema/property-keys.js'
import type { CliMessage } from '../protocol/messages.js'
import { redact } from '../../redact.js'
import type { ToolKeys } from '../protocol/tool-keys.js'
import { modelLabel } from '../../request/model-label.js'
import { OutputReader, outputTool } from '../protocol/output-reader.js'
import { StopCutter } from './stop-cutter.js'
import { TokenCount, usageOf } from './token-count.js'

/** `ending` is there with the last message of the turn. `kill`: the process must not get to ask the API again. */
export interface Ending {
  outcome: Outcome
  kill: boolean
}

export interface TurnOptions {
  choice: number
  model: string
  stop?: readonly string[]
  /** the client's functions: the model's names -> the client's */
  functions?: ReadonlyMap<string, string>
  /** those of the client's names whose tool takes one text */
  custom?: ReadonlySet<string>
  /** The answer has to be JSON: see `TurnReader.takeOutput`. */
  output?: boolean
  /** where the model has other keys than the client */
  keys?: { tools: ToolKeys; output: KeyNames | null }
  /** The turn began in an earlier answer that ended with calls: the result's totals cover both. */
  continued?: boolean
  /** what the process had cost before, in the CLI's estimate: its figures are totals since its start */
  costBefore?: number
  /** the client asks again by itself where the API limits it */
  clientRetries?: boolean
  emit: (event: JobEvent) => void
}

/** A longer wait than this is the client's to decide, so the turn ends and says how long it is. */
const patienceMs = 2000

/** An API that takes so long to refuse takes as long once more, and the client may fall back meanwhile. */
const slowRefusalMs = 2500

export class TurnReader {
  private ending: Ending | null = null
  private contentSeen = false
  /** a message has begun upstream and has not come to its own end */
  private messageOpen = false
  private answered = false
  private readonly streamed = new Set<string>()
  private readonly cutter: StopCutter
  private readonly tokens = new TokenCount()
  private readonly calls: CallReader
  private readonly activity: ActivityReader
  private readonly output: OutputReader | null
  /** the JSON that the answer is, until it has been checked */
  private held: { value: unknown; pieces: string[]; result: CliMessage } | null = null
  private taken = false
  /** what was said stands before a use of tools, and what comes is another paragraph */
  private parted = false
  private lastText = ''
  private answeredBy: string | null = null
  private sessionId: string | null = null
  private errorSeen: CliMessage | null = null
  private retryDelayMs: number | null = null
  /** when the API was asked last, in milliseconds of `performance.now()`; a CLI that does not say it has no slow refusals */
  private askedAt = Number.POSITIVE_INFINITY
  /** how often the API has refused what is asked now */
  private refusals = 0
  private limitResetsAt: number | null = null
  private costSeen: number | null = null

  constructor(private readonly options: TurnOptions) {
    const { choice, stop = [], functions = new Map<string, string>(), output = false } = options
    this.cutter = new StopCutter(stop)
    this.calls = new CallReader(choice, functions, options.custom ?? new Set(), options.emit, options.keys?.tools)
    this.activity = new ActivityReader(choice, options.emit)
    this.output = output ? new OutputReader(options.keys?.output ?? null) : null
  }

  /**
   * Takes one message, of any shape; null while the turn goes on. Messages after the ending change nothing. A message that cannot be
   * read ends the turn.
   */
  read(message: CliMessage): Ending | null {
    if (this.ending !== null || this.held !== null) return this.ending
    try {
      return this.take(message)
    } catch (error) {
      const text = `The Claude CLI wrote a message (${message.type}) that could not be read: ${redact(String(error))}`
      this.ending = { outcome: { kind: 'failed', failure: { code: 'cli_failed', message: text } }, kill: true }
      return this.ending
    }
  }

  private take(message: CliMessage): Ending | null {
    // a sub-agent's messages are not the answer
    if (typeof message.parent_tool_use_id === 'string') return null
    this.sessionId = textIn(message.session_id) || this.sessionId
    switch (message.type) {
      case 'stream_event':
        this.streamEvent(objectIn(message['event']) ?? {})
        break
      case 'assistant':
        this.assistant(message)
        break
      case 'user':
        this.activity.results(message)
        break
      case 'system':
        if (message.subtype === 'api_retry') this.retry(message)
        else if (message.subtype === 'init') this.offered(message['tools'])
        else if (message.subtype === 'status' && message['status'] === 'requesting') this.askedAt = performance.now()
        break
      case 'rate_limit_event': {
        const info = objectIn(message['rate_limit_info'])
        if (info?.['status'] === 'rejected') this.limitResetsAt = amountIn(info['resetsAt']) ?? null
        break
      }
      case 'result':
        this.result(message)
        break
    }
    return this.ending
  }

  /** The CLI says what it passes on to the model: a function that is kept from it by an administrator's settings is missing. */
  private offered(names: unknown): void {
    if (!Array.isArray(names)) return
    const missing = [...(this.options.functions ?? [])].filter(([name]) => !names.includes(name)).map(([, name]) => name)
    if (missing.length === 0) return
    const message =
      `The Claude CLI does not offer to the model: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}. ` +
      "An administrator's settings for Claude Code may deny it."
    this.ending = { outcome: { kind: 'failed', failure: { code: 'claude_unavailable', message, param: 'tools' } }, kill: true }
  }

  /** What the process has cost since its start; null where the turn ended before the CLI said it. */
  get totalCost(): number | null {
    return this.costSeen
  }

  private streamEvent(event: Record<string, unknown>): void {
    const block = amountIn(event['index']) ?? 0
    switch (event['type']) {
      case 'message_start': {
        if (this.abandoned()) return
        const message = objectIn(event['message'])
        const id = textIn(message?.['id'])
        this.messageOpen = true
        if (id !== undefined) this.streamed.add(id)
        this.answeredBy = labelIn(message?.['model']) ?? this.answeredBy
        this.refusals = 0
        this.answers()
        this.tokens.start(message?.['usage'])
        this.output?.startMessage()
        break
      }
      case 'content_block_start': {
        const started = objectIn(event['content_block'])
        if (started?.['type'] === 'tool_use') this.call(block, textIn(started['name']), textIn(started['id']) ?? '')
        break
      }
      case 'content_block_delta': {
        const delta = objectIn(event['delta'])
        if (delta?.['type'] === 'text_delta') this.text(textIn(delta['text']) ?? '')
        else if (delta?.['type'] === 'thinking_delta') this.reasoning(textIn(delta['thinking']) ?? '')
        else if (delta?.['type'] === 'input_json_delta') this.input(block, textIn(delta['partial_json']) ?? '')
        break
      }
      case 'content_block_stop':
        this.calls.stop(block)
        this.activity.stop(block)
        break
      case 'message_delta': {
        this.tokens.update(event['usage'])
        const stopReason = objectIn(event['delta'])?.['stop_reason']
        if (stopReason != null) this.messageEnds(textIn(stopReason) ?? '')
        break
      }
    }
  }

  /** The API has said 200. Told once: what a turn asks further is behind an answer that has begun. */
  private answers(): void {
    if (this.answered) return
    this.answered = true
    const model = this.answeredBy === null ? {} : { model: this.answeredBy }
    this.options.emit({ type: 'status', status: 'in_progress', answered: true, ...model })
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
      this.emitCommentary()
      for (const text of this.output?.cutShort() ?? []) this.emitText(text)
      this.finish({ kind: 'finished', reason: 'length' }, null, true)
    } else if (this.calls.any) {
      this.emitCommentary()
      // the process waits for the results, unless it has turned a call down and asks the model again
      this.finish({ kind: 'finished', reason: 'tool_calls' }, null, !this.calls.whole)
    } else if (stopReason === 'tool_use') {
      this.emitText(this.cutter.rest())
      this.parted = /\S$/.test(this.lastText)
    }
  }

  /** What is no function of the client's is used inside the run; a name that nobody has, the CLI turns down by itself. */
  private call(block: number, name: string | undefined, id: string): void {
    if (name === undefined) return
    if (name === outputTool) return this.output?.start(block)
    if (!this.calls.knows(name)) return this.activity.start(block, name, id)
    this.contentSeen = true
    this.emitCommentary()
    this.emitText(this.cutter.rest())
    this.calls.start(block, name, id)
  }

  private input(block: number, piece: string): void {
    if (this.output?.delta(block, piece) === true || this.calls.delta(block, piece)) return
    this.activity.input(block, piece)
  }

  private text(text: string): void {
    if (this.output !== null) return this.output.text(text)
    const { text: clear, stopped } = this.cutter.push(text)
    this.emitText(clear)
    if (stopped) this.finish({ kind: 'finished', reason: 'stop' }, null, true)
  }

  private emitText(text: string): void {
    if (text === '') return
    this.contentSeen = true
    this.lastText = text
    const whole = this.parted && !/^\s/.test(text) ? `\n\n${text}` : text
    this.parted = false
    this.options.emit({ type: 'text', choice: this.options.choice, text: whole })
  }

  private emitCommentary(): void {
    for (const { type, text } of this.output?.beforeCall() ?? []) {
      if (text === '') continue
      this.contentSeen = true
      this.options.emit({ type, choice: this.options.choice, text })
    }
  }

  private reasoning(text: string): void {
    if (text === '' || this.output?.reasoning(text) === true) return
    this.contentSeen = true
    this.options.emit({ type: 'reasoning', choice: this.options.choice, text })
  }

  /** Complete messages repeat what was streamed; they count only where nothing was, and where they carry an error. */
  private assistant(message: CliMessage): void {
    const said = objectIn(message['message'])
    const model = textIn(said?.['model'])
    if (message['error'] !== undefined || model === '<synthetic>') {
      if (message['error'] !== undefined) this.errorSeen = message
      return
    }
    const id = textIn(said?.['id'])
    if (id === undefined ? this.messageOpen : this.streamed.has(id)) return
    const texts = textsOf(message)
    if (texts.length === 0 || this.abandoned()) return
    this.messageOpen = false
    this.answeredBy = labelIn(model) ?? this.answeredBy
    for (const text of texts) {
      if (this.ending === null) this.text(text)
    }
  }

  private retry(retry: CliMessage): void {
    this.refusals += 1
    const status = amountIn(retry['error_status']) ?? null
    const error = textIn(retry['error']) ?? null
    this.retryDelayMs = amountIn(retry['retry_delay_ms']) ?? null
    if (this.contentSeen) return this.interrupted()
    // a refused credential is asked about again: only the CLI's last word has the API's own, and a login may be refreshed meanwhile
    const hopeless = status === 403 || status === 404
    const { clientRetries = false } = this.options
    const waitMs = this.retryDelayMs ?? 0
    const limited = status === 429 && (clientRetries || waitMs > patienceMs || performance.now() - this.askedAt > slowRefusalMs)
    if (hopeless || limited) return this.fail(error, status, null, '', true)
    this.askedAt = performance.now() + waitMs
    const reason = `asked again: ${error ?? 'no answer'}${status === null ? '' : ` (${status})`}`
    this.options.emit({ type: 'status', status: 'in_progress', phase: 'waiting', reason })
  }

  private result(result: CliMessage): void {
    if (result['is_error'] !== true) {
      // 2.1.197 calls a stream that broke off a success; a whole answer has come to its own end
      if (this.messageOpen && result['stop_reason'] == null) return this.interrupted()
      if (this.output !== null) return this.acceptOutput(this.output, result)
      return this.finish({ kind: 'finished', reason: 'stop' }, result, false)
    }
    if (result['stop_reason'] === 'refusal') {
      const refusal = 'The model declined to answer.'
      return this.finish({ kind: 'finished', reason: 'refusal', refusal }, result, false)
    }
    if (this.errorSeen?.['error'] === 'max_output_tokens') {
      return this.finish({ kind: 'finished', reason: 'length' }, result, false)
    }
    if (this.output !== null && result.subtype === 'error_max_structured_output_retries') {
      return this.acceptOutput(this.output, result)
    }
    const said = this.errorSeen === null ? undefined : textsOf(this.errorSeen)[0]
    if (this.refusals > 0) this.refusals += 1
    this.fail(
      textIn(this.errorSeen?.['error']) ?? null,
      amountIn(this.errorSeen?.['api_error_status']) ?? amountIn(result['api_error_status']) ?? null,
      textIn(result['terminal_reason']) ?? null,
      said ?? textIn(result['result']) ?? errorsOf(result).join('; '),
      false,
    )
  }

  private acceptOutput(output: OutputReader, result: CliMessage): void {
    for (const { text } of output.heldThoughts()) this.reasoning(text)
    const accepted = output.accept(result['structured_output'], errorsOf(result))
    if ('problem' in accepted) this.refuseOutput(accepted.problem)
    else this.held = { ...accepted, result }
  }

  /** The turn has come to its end, and its JSON is to be checked before it is shown: given once; the caller checks it and then calls `endOutput`. */
  takeOutput(): { value: unknown } | null {
    if (this.held === null || this.taken) return null
    this.taken = true
    return { value: this.held.value }
  }

  /** @param problem what is wrong with the JSON, or null */
  endOutput(problem: string | null): Ending {
    const { pieces, result } = this.held!
    if (problem !== null) this.refuseOutput(problem)
    else {
      for (const piece of pieces) this.emitText(piece)
      this.finish({ kind: 'finished', reason: 'stop' }, result, false)
    }
    return this.ending!
  }

  private refuseOutput(problem: string): void {
    const message = `The model gave no answer that satisfies the schema: ${problem}`
    this.ending = { outcome: { kind: 'failed', failure: { code: 'output_not_valid', message } }, kill: false }
  }

  private interrupted(): void {
    this.fail(null, null, null, '', true)
  }

  private fail(category: string | null, status: number | null, terminalReason: string | null, text: string, kill: boolean): void {
    const failure = classify({
      category,
      status,
      terminalReason,
      text,
      contentSeen: this.contentSeen,
      retryDelayMs: this.retryDelayMs,
      limitResetsAt: this.limitResetsAt,
      refusals: this.refusals,
      model: this.options.model,
    })
    this.ending = { outcome: { kind: 'failed', failure }, kill }
  }

  private finish(outcome: Extract<Outcome, { kind: 'finished' }>, result: CliMessage | null, kill: boolean): void {
    this.emitText(this.cutter.rest())
    this.costSeen = amountIn(result?.['total_cost_usd']) ?? null
    const { choice, continued = false, costBefore = 0 } = this.options
    this.options.emit({
      type: 'usage',
      choice,
      usage: (continued ? null : usageOf(result?.['usage'])) ?? this.tokens.usage,
      costUsd: this.costSeen === null ? null : Math.max(0, this.costSeen - costBefore),
      model: this.answeredBy,
      sessionId: this.sessionId,
    })
    this.ending = { outcome, kill }
  }
}

function labelIn(model: unknown): string | undefined {
  const name = textIn(model)
  return name === undefined ? undefined : modelLabel(name)
}

/** The texts of a complete message; none where its content is not what the API's is. */
function textsOf(message: CliMessage): string[] {
  const content = objectsIn(objectIn(message['message'])?.['content'])
  return content.flatMap((block) => (block['type'] === 'text' ? [textIn(block['text']) ?? ''] : []))
}

function errorsOf(result: CliMessage): string[] {
  const { errors } = result
  return Array.isArray(errors) ? errors.filter((error) => typeof error === 'string') : []
}
