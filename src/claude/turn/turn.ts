/**
 * Reads one turn: CLI messages in, events of the job and in the end one outcome out. No I/O.
 *
 * The outcome is decided once, from structured fields. Text is passed on once, whatever the CLI does behind it: when it
 * asks again after something had been passed on, the turn has failed, for a second answer would be glued to half a first.
 */
import { type Outcome, cutShort } from '../../jobs/executor.js'
import { redact } from '../../redact.js'
import type { Failure } from '../../errors/catalogue.js'
import { isCloud } from '../process/clouds.js'
import { amountIn, objectIn, textIn } from '../protocol/loose.js'
import type { CliMessage } from '../protocol/messages.js'
import { OutputReader } from '../protocol/output-reader.js'
import type { Ending } from './ending.js'
import { classify } from './failure.js'
import { type MessageEnd, MessageReader } from './message-reader.js'
import { managedRefusal } from './managed.js'
import { missingTools } from './offered-tools.js'
import { Retries } from './retries.js'
import { usageOf } from './token-count.js'
import type { TurnOptions } from './turn-options.js'
import { errorsOf, textsOf } from './whole-messages.js'

export class TurnReader {
  private ending: Ending | null = null
  private readonly messages: MessageReader
  private readonly retries: Retries
  private readonly output: OutputReader | null
  /** the JSON that the answer is, until it has been checked */
  private held: { value: unknown; pieces: string[]; result: CliMessage } | null = null
  private taken = false
  private sessionId: string | null = null
  private errorSeen: CliMessage | null = null
  private costSeen: number | null = null

  constructor(private readonly options: TurnOptions) {
    this.output = options.output === true ? new OutputReader(options.keys?.output ?? null) : null
    this.messages = new MessageReader(options, this.output)
    this.retries = new Retries(options.clientRetries === true, isCloud(options.credential ?? 'login'))
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
        this.messages.activity.results(message)
        break
      case 'system':
        if (message.subtype === 'api_retry') this.retry(message)
        else if (message.subtype === 'status') this.status(message['status'])
        else if (message.subtype === 'init') this.refuse(missingTools(this.options.functions, message['tools']))
        else this.refuse(managedRefusal(message, this.options.model))
        break
      case 'rate_limit_event':
        this.retries.limit(message)
        this.options.limit?.(message)
        break
      case 'result':
        this.result(message)
        break
    }
    return this.ending
  }

  /** What the process has cost since its start; null where the turn ended before the CLI said it. */
  get totalCost(): number | null {
    return this.costSeen
  }

  private streamEvent(event: Record<string, unknown>): void {
    const end = this.messages.event(event)
    if (event['type'] === 'message_start' && end === null) this.retries.answered()
    if (end !== null) this.messageEnds(end)
  }

  /** A complete message may carry an error of the API, or words of the CLI's own, which are no answer. */
  private assistant(message: CliMessage): void {
    if (message['error'] !== undefined) this.errorSeen = message
    else if (objectIn(message['message'])?.['model'] !== '<synthetic>') {
      const end = this.messages.whole(message)
      if (end !== null) this.messageEnds(end)
    }
  }

  private messageEnds(end: MessageEnd): void {
    switch (end) {
      case 'broken':
        return this.interrupted()
      case 'length':
        // the CLI would ask up to three times more and glue the answers together
        return this.finish({ kind: 'finished', reason: 'length' }, null, true)
      case 'too_dear':
        return this.finish(cutShort(this.options.cutBy?.() ?? 'max_cost_usd'), null, true)
      case 'calls':
      case 'refused_calls':
        return this.finish({ kind: 'finished', reason: 'tool_calls' }, null, end === 'refused_calls')
      case 'stop':
        return this.finish({ kind: 'finished', reason: 'stop' }, null, true)
    }
  }

  private retry(retry: CliMessage): void {
    const { category, status, final } = this.retries.refused(retry)
    if (this.messages.writer.contentSeen) return this.interrupted()
    if (final) return this.fail(category, status, null, '', true)
    const reason = `asked again: ${category ?? 'no answer'}${status === null ? '' : ` (${status})`}`
    this.options.emit({ type: 'status', status: 'in_progress', phase: 'waiting', reason })
  }

  private status(status: unknown): void {
    if (status === 'requesting') this.retries.asked()
  }

  private refuse(failure: Failure | null): void {
    if (failure !== null) this.ending = { outcome: { kind: 'failed', failure }, kill: true }
  }

  private result(result: CliMessage): void {
    if (result['is_error'] !== true) {
      // 2.1.197 calls a stream that broke off a success; a whole answer has come to its own end
      if (this.messages.isOpen && result['stop_reason'] == null) return this.interrupted()
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
    this.retries.refusedLast()
    this.fail(
      textIn(this.errorSeen?.['error']) ?? null,
      amountIn(this.errorSeen?.['api_error_status']) ?? amountIn(result['api_error_status']) ?? null,
      textIn(result['terminal_reason']) ?? null,
      said ?? textIn(result['result']) ?? errorsOf(result).join('; '),
      false,
    )
  }

  private acceptOutput(output: OutputReader, result: CliMessage): void {
    for (const { text } of output.heldThoughts()) this.messages.writer.reasoning(text)
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
      for (const piece of pieces) this.messages.writer.write(piece)
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
      contentSeen: this.messages.writer.contentSeen,
      ...this.retries.symptoms,
      model: this.options.model,
      credential: this.options.credential ?? 'login',
    })
    this.ending = { outcome: { kind: 'failed', failure }, kill }
  }

  private finish(outcome: Extract<Outcome, { kind: 'finished' }>, result: CliMessage | null, kill: boolean): void {
    this.messages.writer.rest()
    this.costSeen = amountIn(result?.['total_cost_usd']) ?? null
    const { choice, continued = false, costBefore = 0 } = this.options
    this.options.emit({
      type: 'usage',
      choice,
      usage: (continued ? null : usageOf(result?.['usage'])) ?? this.messages.usage,
      costUsd: this.costSeen === null ? null : Math.max(0, this.costSeen - costBefore),
      model: this.messages.answeredBy,
      sessionId: this.sessionId,
    })
    this.ending = { outcome, kill }
  }
}
