/**
 * The closed set of events a job's log is made of. They are ours: CLI messages are mapped into them at one edge, OpenAI
 * chunks and task JSON out of them at the other. The log of a job is append-only, numbered from 1 without gaps, and
 * everything a reader can be told follows from it.
 */
import type { Failure } from '../errors/catalogue.js'
import type { Review, ValidationError } from './review.js'
import type { FinalStatus, JobStatus } from './status.js'

/** Why one choice ended. `refusal` is the model's own; an error is no finish but the job's end. */
export type Finish = 'stop' | 'length' | 'tool_calls' | 'refusal'

/** Why an answer ends with `length` that its model did not end: the request's own limit of cost, or its owner's budget. */
export type CutCause = 'max_cost_usd' | 'budget'

/** Tokens of one run, summed over all its upstream calls. `inputTokens` excludes cache reads and writes. */
export interface Usage {
  inputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  outputTokens: number
  /** null where the CLI does not say it */
  reasoningTokens: number | null
}

/** What the job is doing, told by what the CLI says and never by a timer. */
export type Phase = 'queued' | 'starting' | 'waiting' | 'thinking' | 'answering' | 'using_tool'

export interface LeftFile {
  path: string
  bytes: number
}

export type JobEvent =
  /**
   * The record changed its status, or a running job entered a phase that no other event shows. `model` is what is being
   * asked or answers, `headers` what its provider says of its rate limits; both where they are known. `answered`: the model's API has
   * said 200, so that what fails from now on is no refusal. `feedback` is what a person has said who asks for more attempts. `ignored`: fields that the
   * model has turned out not to take.
   */
  | {
      type: 'status'
      status: JobStatus
      phase?: Phase
      reason?: string
      model?: string
      answered?: true
      headers?: Record<string, string>
      ignored?: string[]
      feedback?: string
    }
  /** A piece of the answer's text. */
  | { type: 'text'; choice: number; text: string }
  /** A piece of the model's reasoning. */
  | { type: 'reasoning'; choice: number; text: string }
  /** A piece of what the model says before its calls where the answer has to be JSON: it is shown and is no part of the content. */
  | { type: 'commentary'; choice: number; text: string }
  /**
   * A piece of a call of one of the client's functions; the first piece of an `index` has `id`, `name`, and `namespace` where the function
   * has one. `custom`: the client takes one text, which is the member `input` of the arguments.
   */
  | {
      type: 'tool_call'
      choice: number
      index: number
      id?: string
      name?: string
      namespace?: string
      custom?: true
      arguments: string
    }
  /** A tool at work inside the run (never one of the client's functions). */
  | {
      type: 'tool_activity'
      choice: number
      id: string
      tool: string
      state: 'started' | 'finished'
      ok?: boolean
      inputBytes?: number
      durationMs?: number
    }
  /** Files that one choice's run has left, once, before its finish; paths are relative. */
  | { type: 'files'; choice: number; files: LeftFile[] }
  /** Totals of one choice's run, once, before its finish. `model` is what answered. `costUsd` is the CLI's estimate. */
  | {
      type: 'usage'
      choice: number
      usage: Usage
      costUsd: number | null
      model: string | null
      sessionId: string | null
    }
  /** One choice is complete. `refusal` is the model's words where it refused, `cause` what cut the answer. */
  | { type: 'finish'; choice: number; reason: Finish; refusal?: string; cause?: CutCause }
  /** A new attempt at the answer begins, the `attempt`-th; what came before it is no longer part of the answer. */
  | { type: 'attempt'; choice: number; attempt: number; reason: string; response?: string; errors?: ValidationError[] }
  /** The job waits for a human, who decides by `review`; left out in the logs of earlier versions. */
  | { type: 'review'; reason: string; review?: Review }
  /** The last event of every job, exactly once. `overheadMs`: the bridge's own share of its time; left out: not known. */
  | { type: 'end'; status: FinalStatus; error: Failure | null; overheadMs?: number }

/** An event in its place in the log: `seq` counts from 1, `at` is milliseconds since the epoch. */
export interface LoggedEvent {
  seq: number
  at: number
  event: JobEvent
}

const contentTypes: ReadonlySet<JobEvent['type']> = new Set(['text', 'reasoning', 'commentary', 'tool_call', 'finish'])

/** Whether an event carries something of the answer: from the first such event on, a job counts as delivered. */
export function isContent(event: JobEvent): boolean {
  return contentTypes.has(event.type)
}

/** About how many bytes an event has to carry. */
export function bytesOf(event: JobEvent): number {
  const carried = 'text' in event ? event.text : event.type === 'tool_call' ? event.arguments : ''
  return 64 + Buffer.byteLength(carried)
}
