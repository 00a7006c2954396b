/**
 * The events of a job -> the chunks of a stream, in the order every client accepts: `role()` first, `event()` for each
 * event, `end()` once, after which the caller writes `[DONE]`.
 *
 * Finish chunks are held until `end`: a job may still fail or begin another attempt after a choice is complete, and a
 * client takes a finish chunk for success. A chunk that has been sent cannot be taken back, so an `attempt` only
 * forgets what is held; who streams a job that may be attempted again has to hold back what is not yet the answer.
 */
import type { JobEvent } from '../../jobs/events.js'
import type { Job } from '../../jobs/job.js'
import { bridgeOf } from './bridge.js'
import { betweenAsides, hasResult } from './completion.js'
import { toFinishReason, type FinishReason } from './finish-reason.js'
import { type InputReader, createInputReader } from './custom-input.js'
import { customMember, startOfCall, toDelta } from './deltas.js'
import type { Chunk, Delta } from './response-schemas.js'
import { createJoiner, type Joiner } from '../in/surrogates.js'
import { toUsage } from './usage.js'

export interface ChunkerOptions {
  /** `chatcmpl-…` */
  id: string
  /** Unix seconds */
  created: number
  /** the model's name as the caller wrote it */
  model: string
  /** number of choices (`n`) */
  choices: number
  /** `stream_options.include_usage` */
  includeUsage: boolean
  /** calls are told as OpenAI's former `function_call` */
  formerCalls?: boolean | undefined
  /** every chunk says which tier it had */
  tellTier?: boolean | undefined
}

export interface Chunker {
  /** One chunk with the role for each choice; to be sent at once. */
  role(): Chunk[]
  /** The chunks of one event, often none. */
  event(event: JobEvent): Chunk[]
  /**
   * The last chunks of a job that has a result: one finish chunk for each choice, `bridge` on the last of them, and the
   * usage chunk if it was asked for. None for a job that failed or was cancelled: it ends with an error frame.
   */
  end(job: Job): Chunk[]
}

interface OpenChoice {
  joiner: Joiner
  finish: Extract<JobEvent, { type: 'finish' }> | null
  /** what was told last beside the content */
  aside: 'reasoning' | 'commentary' | null
  /** for each tool call, whether a piece of its arguments has been sent */
  calls: Map<number, boolean>
  /** the calls of custom tools */
  inputs: Map<number, InputReader>
}

export function createChunker(options: ChunkerOptions): Chunker {
  const choices = new Map<number, OpenChoice>()

  function choiceOf(index: number): OpenChoice {
    let choice = choices.get(index)
    if (choice === undefined)
      choices.set(index, (choice = { joiner: createJoiner(), finish: null, aside: null, calls: new Map(), inputs: new Map() }))
    return choice
  }

  function chunk(index: number, delta: Delta, finish: FinishReason | null = null): Chunk {
    return { ...head(options), choices: [{ index, delta, finish_reason: finish, logprobs: null }], ...noUsage(options) }
  }

  function pieces(index: number, member: string, text: string): Chunk[] {
    return choiceOf(index)
      .joiner.add(member, text)
      .map((piece) => chunk(index, toDelta(piece.member, piece.text, options.formerCalls)))
  }

  function aside({ choice, type, text }: Extract<JobEvent, { type: 'reasoning' | 'commentary' }>): Chunk[] {
    const open = choiceOf(choice)
    if (text === '') return []
    const between = open.aside === null || open.aside === type ? '' : betweenAsides
    open.aside = type
    return pieces(choice, 'reasoning_content', between + text)
  }

  function event(event: JobEvent): Chunk[] {
    switch (event.type) {
      case 'text':
        return pieces(event.choice, 'content', event.text)
      case 'reasoning':
      case 'commentary':
        return aside(event)
      case 'tool_call': {
        const { calls, inputs } = choiceOf(event.choice)
        const chunks = []
        if (event.id !== undefined || event.name !== undefined) {
          if (event.custom) inputs.set(event.index, createInputReader())
          else calls.set(event.index, false)
          chunks.push(chunk(event.choice, startOfCall(event, options.formerCalls)))
        }
        const input = inputs.get(event.index)
        if (input !== undefined) chunks.push(...pieces(event.choice, customMember(event.index), input.add(event.arguments)))
        else if (event.arguments !== '') {
          calls.set(event.index, true)
          chunks.push(...pieces(event.choice, String(event.index), event.arguments))
        }
        return chunks
      }
      case 'finish':
        choiceOf(event.choice).finish = event
        return []
      case 'attempt':
        choices.delete(event.choice)
        return []
      case 'status':
      case 'tool_activity':
      case 'files':
      case 'usage':
      case 'review':
      case 'end':
        return []
    }
  }

  function finish(index: number): Chunk[] {
    const choice = choiceOf(index)
    const chunks = [...choice.inputs].flatMap(([call, input]) => pieces(index, customMember(call), input.end()))
    chunks.push(...choice.joiner.end().map((piece) => chunk(index, toDelta(piece.member, piece.text, options.formerCalls))))
    for (const [call, hasArguments] of choice.calls) {
      // as in the completion: a call without arguments has the arguments {}
      if (!hasArguments) chunks.push(chunk(index, toDelta(String(call), '{}', options.formerCalls)))
    }
    const refusal = choice.finish?.refusal
    if (refusal !== undefined && refusal !== '') chunks.push(chunk(index, { refusal }))
    return [...chunks, chunk(index, {}, toFinishReason(choice.finish?.reason ?? 'stop', options.formerCalls))]
  }

  return {
    role: () => indexes(options).map((index) => chunk(index, { role: 'assistant', content: '' })),
    event,
    end(job) {
      if (!hasResult(job)) return []
      const chunks = indexes(options).flatMap(finish)
      // on a chunk that every client knows, and the last one that every client reads
      const last = chunks.at(-1)
      if (last !== undefined) last.bridge = bridgeOf(job)
      const usage = job.answer?.usage ?? null
      if (options.includeUsage && usage !== null) {
        chunks.push({ ...head(options), choices: [], usage: toUsage(usage) })
      }
      return chunks
    },
  }
}

function head({ id, created, model, tellTier }: ChunkerOptions): Omit<Chunk, 'choices' | 'usage' | 'bridge'> {
  return { id, object: 'chat.completion.chunk', created, model, ...(tellTier && { service_tier: 'default' as const }) }
}

/** OpenAI: with `include_usage` every chunk has the member, null in all but the last. */
function noUsage(options: ChunkerOptions): { usage?: null } {
  return options.includeUsage ? { usage: null } : {}
}

function indexes(options: ChunkerOptions): number[] {
  return Array.from({ length: options.choices }, (_, index) => index)
}
