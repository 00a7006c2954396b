/** The tokens of one turn, counted from the API's own figures as they are streamed: summed over the turn's messages. */
import type { Usage } from '../jobs/events.js'
import type { ApiUsage } from './messages.js'

export class TokenCount {
  private readonly spent: Usage = {
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: null,
  }
  private output = 0
  private thinking: number | null = null

  /** A message begins, with what it was asked with. */
  start(usage: ApiUsage | undefined): void {
    this.spent.outputTokens += this.output
    if (this.thinking !== null) this.spent.reasoningTokens = (this.spent.reasoningTokens ?? 0) + this.thinking
    this.output = 0
    this.thinking = null
    this.spent.inputTokens += usage?.input_tokens ?? 0
    this.spent.cacheReadTokens += usage?.cache_read_input_tokens ?? 0
    this.spent.cacheWriteTokens += usage?.cache_creation_input_tokens ?? 0
    if (usage !== undefined) this.update(usage)
  }

  /** The API's figures within one message are running totals, not differences. */
  update(usage: ApiUsage): void {
    this.output = usage.output_tokens ?? this.output
    this.thinking = usage.output_tokens_details?.thinking_tokens ?? this.thinking
  }

  /** What is known so far. */
  get usage(): Usage {
    const { outputTokens, reasoningTokens } = this.spent
    return {
      ...this.spent,
      outputTokens: outputTokens + this.output,
      reasoningTokens: this.thinking === null ? reasoningTokens : (reasoningTokens ?? 0) + this.thinking,
    }
  }
}

/** A result's totals are the right ones for a turn, but all zero where the turn was cut short. */
export function usageOf(usage: ApiUsage | undefined): Usage | null {
  if (usage === undefined || !usage.output_tokens) return null
  return {
    inputTokens: usage.input_tokens ?? 0,
    cacheReadTokens: usage.cache_read_input_tokens ?? 0,
    cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
    outputTokens: usage.output_tokens,
    reasoningTokens: usage.output_tokens_details?.thinking_tokens ?? null,
  }
}
