/**
 * Runs of one model with their span, and with the time that they take counted as a wait for others. Names are those of OpenTelemetry's
 * semantic conventions for generative AI, version 1.41.1.
 */
import { type JobEvent, isContent } from '../jobs/events.js'
import type { Executor, Outcome, Run } from '../jobs/executor.js'
import { type Attributes, type Span, noSpan } from '../jobs/trace.js'
import type { ClaudeRequest } from '../request/conversation.js'
import type { UpstreamRequest } from '../request/upstream-request.js'
import { answeredContent, askedContent } from './content.js'

/** One call of a model that has ended. */
export interface CallMeasured {
  /** names of the operation, the provider and the models */
  attributes: Record<string, string>
  seconds: number
  /** null: no piece of an answer came */
  firstSeconds: number | null
  /** with those of the cache; null: the API has not said it */
  inputTokens: number | null
  outputTokens: number | null
  /** a stable code of what went wrong */
  failure: string | null
}

/** Who measures calls of models. */
export interface CallMeter {
  measured(call: CallMeasured): void
}

interface TracedOptions {
  /** whether prompts and answers may stand in spans */
  content: boolean
  meter: CallMeter | null
}

export function traced<Request extends ClaudeRequest | UpstreamRequest>(
  executor: Executor<Request>,
  { content, meter }: TracedOptions,
): Executor<Request> {
  return {
    run(run) {
      const waited = run.waits?.begin()
      const call = callOf(run, content, meter)
      const execution = executor.run(call === null ? run : { ...run, span: call.span, emit: (event) => call.emit(event) })
      const over = (outcome: Outcome | null) => {
        waited?.()
        call?.end(outcome)
      }
      execution.outcome.then(over, () => over(null))
      return execution
    },
  }
}

/** Null where the span is not recorded and nothing is measured. */
function callOf(run: Run<ClaudeRequest | UpstreamRequest>, content: boolean, meter: CallMeter | null): Call | null {
  const { span = noSpan, request } = run
  if (!span.recorded && meter === null) return null
  const { model } = request
  return new Call(span.begin(`chat ${model}`, { kind: 'client', attributes: asked(run, content) }), run, { content, meter })
}

function named({ request }: Run<ClaudeRequest | UpstreamRequest>): Record<string, string> {
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': request.kind === 'claude' ? 'anthropic' : request.provider,
    'gen_ai.request.model': request.model,
  }
}

function asked(run: Run<ClaudeRequest | UpstreamRequest>, content: boolean): Attributes {
  const { request, choice } = run
  return {
    ...named(run),
    'claude_bridge.choice': choice,
    ...(request.kind === 'claude' && {
      'gen_ai.output.type': request.output === undefined ? 'text' : 'json',
      'gen_ai.request.max_tokens': request.maxTokens,
      'gen_ai.request.temperature': request.sampling?.temperature,
      'gen_ai.request.top_p': request.sampling?.topP,
    }),
    ...(content && askedContent(request)),
  }
}

/** One call of a model, with what its run says of it. */
class Call {
  private readonly begun = performance.now()
  private readonly tools = new Map<string, Span>()
  private firstSeconds: number | null = null
  private text = ''
  private model: string | null = null
  private readonly tokens: { inputTokens: number | null; outputTokens: number | null } = { inputTokens: null, outputTokens: null }

  constructor(
    readonly span: Span,
    private readonly run: Run<ClaudeRequest | UpstreamRequest>,
    private readonly options: TracedOptions,
  ) {}

  emit(event: JobEvent): void {
    this.note(event)
    this.run.emit(event)
  }

  end(outcome: Outcome | null): void {
    for (const tool of this.tools.values()) tool.end('interrupted')
    const finish = outcome?.kind === 'finished' ? outcome.reason : 'error'
    this.span.set({ 'gen_ai.response.finish_reasons': [finish], ...(this.options.content && answeredContent(this.text, finish)) })
    const failure = failureOf(outcome)
    this.span.end(failure)
    const { firstSeconds, model } = this
    const attributes = { ...named(this.run), ...(model !== null && { 'gen_ai.response.model': model }) }
    this.options.meter?.measured({ attributes, seconds: this.seconds, firstSeconds, ...this.tokens, failure })
  }

  private get seconds(): number {
    return (performance.now() - this.begun) / 1000
  }

  private note(event: JobEvent): void {
    if (this.firstSeconds === null && isContent(event)) {
      this.firstSeconds = this.seconds
      this.span.event('first_token')
      this.span.set({ 'gen_ai.response.time_to_first_chunk': this.firstSeconds })
    }
    if (event.type === 'text' && this.options.content) this.text += event.text
    if (event.type === 'tool_activity') this.noteTool(event)
    if (event.type !== 'usage') return
    const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens } = event.usage
    // of the conventions: with those of the cache
    this.tokens.inputTokens = inputTokens + cacheReadTokens + cacheWriteTokens
    this.tokens.outputTokens = outputTokens
    this.model = event.model ?? this.model
    this.span.set({
      'gen_ai.response.model': event.model ?? undefined,
      'gen_ai.usage.input_tokens': this.tokens.inputTokens,
      'gen_ai.usage.output_tokens': outputTokens,
      'gen_ai.usage.cache_read.input_tokens': cacheReadTokens,
      'gen_ai.usage.cache_creation.input_tokens': cacheWriteTokens,
      'gen_ai.usage.reasoning.output_tokens': reasoningTokens ?? undefined,
    })
  }

  private noteTool({ id, tool, state, ok }: Extract<JobEvent, { type: 'tool_activity' }>): void {
    if (state === 'started') {
      const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool, 'gen_ai.tool.call.id': id }
      this.tools.set(id, this.span.begin(`execute_tool ${tool}`, { attributes }))
      return
    }
    this.tools.get(id)?.end(ok === false ? 'tool_error' : null)
    this.tools.delete(id)
  }
}

function failureOf(outcome: Outcome | null): string | null {
  if (outcome === null) return 'internal_error'
  if (outcome.kind === 'failed') return outcome.failure.code
  return outcome.kind === 'aborted' ? 'cancelled' : null
}
