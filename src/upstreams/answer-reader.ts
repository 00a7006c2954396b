/** The chunks of a provider's answer -> events, and how it ended. Loose on what comes: providers differ in everything but the idea. */
import { BridgeError } from '../errors/catalogue.js'
import type { Finish, JobEvent, Usage } from '../jobs/events.js'
import { type Charge, noTokens } from '../jobs/spending.js'
import { modelLabel } from '../request/model-label.js'
import { CallPieces } from './call-pieces.js'
import { failureOfError } from './failure.js'
import { listAt, memberOf, textAt } from './loose.js'
import { tokensOfText } from './estimate.js'
import { costOf, usageOf } from './usage.js'

type Finished = { kind: 'finished'; reason: Finish; refusal?: string }

export class AnswerReader {
  /** as the provider names what answers */
  model: string | null = null
  /** something of the answer was passed on */
  said = false
  private reason: string | null = null
  private refusal = ''
  private usage: unknown = null
  private guessed = false
  /** of the answer so far */
  private characters = 0
  private readonly calls: CallPieces

  constructor(
    private readonly provider: string,
    private readonly choice: number,
    private readonly onSpent: (charge: Charge) => void = () => {},
  ) {
    this.calls = new CallPieces(choice)
  }

  /** Whether the model has come to an end; the usage may still follow. */
  get finished(): boolean {
    return this.reason !== null
  }

  /** @throws BridgeError where the chunk is an error */
  add(chunk: unknown): JobEvent[] {
    const error = memberOf(chunk, 'error') ?? memberOf(chunk, 'choices', 0, 'error') ?? errorItself(chunk)
    if (error !== undefined && error !== null) throw this.faultOf(error)
    const model = textAt(chunk, 'model')
    if (model !== null) this.model = modelLabel(model)
    const usage = memberOf(chunk, 'usage')
    if (usageOf(usage) !== null) this.take(usage)
    const choice = listAt(chunk, 'choices').find((one) => (memberOf(one, 'index') ?? 0) === 0)
    if (choice === undefined) return []
    const reason = textAt(choice, 'finish_reason')
    if (reason === 'error') throw this.faultOf(choice)
    // some repeat the whole message beside the deltas: it is one or the other
    const delta = memberOf(choice, 'delta') ?? (this.said ? undefined : memberOf(choice, 'message'))
    const events = this.reason === null ? this.deltaOf(delta) : []
    this.reason ??= reason
    return events
  }

  /**
   * How the answer ended, with the last events. `marked`: the provider said that this is its end.
   *
   * @throws BridgeError upstream_interrupted, or upstream_error for an answer without anything in it
   */
  end(marked: boolean): { events: JobEvent[]; outcome: Finished } {
    const empty = !this.said && this.refusal === '' && !this.calls.any
    if (this.reason === null && !(marked && !empty)) {
      if (marked) throw new BridgeError('upstream_error', `${this.provider} gave an empty answer.`)
      throw new BridgeError('upstream_interrupted', `${this.provider}'s answer broke off before it was complete.`)
    }
    const reason = finishOf(this.reason, this.calls.any)
    if (empty && (reason === 'stop' || reason === 'tool_calls')) {
      throw new BridgeError('upstream_error', `${this.provider} gave an empty answer.`)
    }
    if (this.calls.nameless) throw new BridgeError('upstream_error', `${this.provider} called a function without naming it.`)
    const outcome: Finished = { kind: 'finished', reason, ...(this.refusal !== '' && { refusal: this.refusal }) }
    return { events: this.usageEvent(), outcome }
  }

  /** Some tell it with every chunk: what has been taken so far. */
  private take(usage: unknown): void {
    const [before, now] = [usageOf(this.usage), usageOf(usage)!]
    const more = (kind: keyof Usage) => Math.max(0, (now[kind] ?? 0) - (before?.[kind] ?? 0))
    const [earlier, usd] = [costOf(this.usage), costOf(usage)]
    this.usage = usage
    this.onSpent({
      model: this.model,
      tokens: {
        ...noTokens,
        input: more('inputTokens'),
        cacheRead: more('cacheReadTokens'),
        cacheWrite: more('cacheWriteTokens'),
        output: more('outputTokens'),
        reasoning: more('reasoningTokens'),
      },
      prompt: now.inputTokens + now.cacheReadTokens + now.cacheWriteTokens,
      ...(usd !== null && { usd: Math.max(0, usd - (earlier ?? 0)) }),
    })
  }

  /** The call is over, or its client has left. What it has taken is guessed where the provider has not told it. */
  over(promptTokens: number): void {
    if (this.guessed || usageOf(this.usage) !== null) return
    this.guessed = true
    const tokens = { ...noTokens, input: promptTokens, output: tokensOfText(this.characters) }
    this.onSpent({ model: this.model, tokens, prompt: promptTokens, guessed: true })
  }

  private deltaOf(delta: unknown): JobEvent[] {
    const { choice } = this
    const events: JobEvent[] = []
    const reasoning = textAt(delta, 'reasoning_content') ?? textAt(delta, 'reasoning')
    if (reasoning !== null) events.push({ type: 'reasoning', choice, text: reasoning })
    events.push(...contentOf(memberOf(delta, 'content'), choice))
    const refusal = textAt(delta, 'refusal') ?? ''
    this.refusal += refusal
    this.characters += refusal.length
    for (const piece of listAt(delta, 'tool_calls')) events.push(...this.calls.add(piece))
    const former = memberOf(delta, 'function_call')
    if (former !== undefined && former !== null) events.push(...this.calls.add({ index: 0, function: former }))
    if (events.length > 0) this.said = true
    this.characters += events.reduce((sum, event) => sum + lengthOf(event), 0)
    return events
  }

  private usageEvent(): JobEvent[] {
    const usage = usageOf(this.usage)
    if (usage === null) return []
    const { choice, model } = this
    return [{ type: 'usage', choice, usage, costUsd: costOf(this.usage), model, sessionId: null }]
  }

  private faultOf(error: unknown): BridgeError {
    const { code, message, ...more } = failureOfError(this.provider, error)
    return new BridgeError(code, message, more)
  }
}

function lengthOf(event: JobEvent): number {
  if (event.type === 'tool_call') return event.arguments.length
  return event.type === 'text' || event.type === 'reasoning' ? event.text.length : 0
}

/** An error that stands in no member of its own (vLLM), or in a list of them. */
function errorItself(chunk: unknown): unknown {
  return textAt(chunk, 'object') === 'error' ? chunk : listAt(chunk, 'errors')[0]
}

/** Text, or parts of text and thinking as Mistral sends them. */
function contentOf(content: unknown, choice: number): JobEvent[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', choice, text: content }]
  if (!Array.isArray(content)) return []
  return content.flatMap((part): JobEvent[] => {
    const text = textAt(part, 'text')
    if (text !== null) return [{ type: 'text', choice, text }]
    return listAt(part, 'thinking').flatMap((inner): JobEvent[] => {
      const thought = textAt(inner, 'text')
      return thought === null ? [] : [{ type: 'reasoning', choice, text: thought }]
    })
  })
}

const reasons: Record<string, Finish> = {
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  tool_calls: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'refusal',
  safety: 'refusal',
  refusal: 'refusal',
}

/** A call is a call, whatever the provider says of its end. */
function finishOf(reason: string | null, called: boolean): Finish {
  const name = (reason ?? 'stop').toLowerCase()
  const known = Object.hasOwn(reasons, name) ? reasons[name]! : 'stop'
  if (known === 'stop' && called) return 'tool_calls'
  return known === 'tool_calls' && !called ? 'stop' : known
}
