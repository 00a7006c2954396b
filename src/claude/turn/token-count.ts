/** The tokens of one turn, counted from the API's own figures as they are streamed: summed over the turn's messages. */
import type { Usage } from '../../jobs/events.js'
import { type Tokens, noTokens } from '../../jobs/spending.js'
import { amountIn, objectIn } from '../protocol/loose.js'

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
  private prompt = 0

  /** @param onSpent told of what the API says newly, and of how long the message's whole prompt is */
  constructor(private readonly onSpent: (tokens: Tokens, prompt: number) => void = () => {}) {}

  /** A message begins, with what it was asked with. */
  start(asked: unknown): void {
    const usage = objectIn(asked)
    this.spent.outputTokens += this.output
    if (this.thinking !== null) this.spent.reasoningTokens = (this.spent.reasoningTokens ?? 0) + this.thinking
    this.output = 0
    this.thinking = null
    const input = amountIn(usage?.['input_tokens']) ?? 0
    const cacheRead = amountIn(usage?.['cache_read_input_tokens']) ?? 0
    const cacheWrite = amountIn(usage?.['cache_creation_input_tokens']) ?? 0
    const forAnHour = amountIn(objectIn(usage?.['cache_creation'])?.['ephemeral_1h_input_tokens']) ?? 0
    this.spent.inputTokens += input
    this.spent.cacheReadTokens += cacheRead
    this.spent.cacheWriteTokens += cacheWrite
    this.prompt = input + cacheRead + cacheWrite
    this.tell({ ...noTokens, input, cacheRead, cacheWrite, hourCacheWrite: Math.min(forAnHour, cacheWrite) })
    this.update(usage)
  }

  /** The API's figures within one message are running totals, not differences. */
  update(said: unknown): void {
    const usage = objectIn(said)
    const [output, thinking] = [this.output, this.thinking ?? 0]
    this.output = amountIn(usage?.['output_tokens']) ?? this.output
    this.thinking = thinkingOf(usage) ?? this.thinking
    this.tell({ ...noTokens, output: this.output - output, reasoning: (this.thinking ?? 0) - thinking })
  }

  private tell(tokens: Tokens): void {
    if (Object.values(tokens).some((count) => count !== 0)) this.onSpent(tokens, this.prompt)
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
export function usageOf(said: unknown): Usage | null {
  const usage = objectIn(said)
  const outputTokens = amountIn(usage?.['output_tokens'])
  if (usage === undefined || !outputTokens) return null
  return {
    inputTokens: amountIn(usage['input_tokens']) ?? 0,
    cacheReadTokens: amountIn(usage['cache_read_input_tokens']) ?? 0,
    cacheWriteTokens: amountIn(usage['cache_creation_input_tokens']) ?? 0,
    outputTokens,
    reasoningTokens: thinkingOf(usage) ?? null,
  }
}

function thinkingOf(usage: Record<string, unknown> | undefined): number | undefined {
  return amountIn(objectIn(usage?.['output_tokens_details'])?.['thinking_tokens'])
}
