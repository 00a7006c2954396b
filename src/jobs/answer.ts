/**
 * The answer of a job: the fold of its log. Blocking, polling and every view of a finished job are made of it, so that
 * they cannot say anything else than the stream did.
 */
import type { CutCause, Finish, JobEvent, LeftFile, Usage } from './events.js'

export interface ToolCall {
  id: string
  name: string
  namespace?: string
  /** the client takes one text, which is the member `input` of the arguments */
  custom?: true
  /** JSON text, as the model wrote it */
  arguments: string
}

/** What is told beside the content. */
export interface Aside {
  type: 'reasoning' | 'commentary'
  text: string
}

export interface Choice {
  text: string
  reasoning: string
  /** reasoning and commentary in the order in which they were told; absent: there was no commentary */
  asides?: Aside[]
  toolCalls: ToolCall[]
  refusal: string | null
  finish: Finish | null
  /** absent: nothing of ours has cut it */
  cause?: CutCause
}

export interface Answer {
  /** by choice index */
  choices: Choice[]
  /** what the runs have left; absent: nothing */
  files?: LeftFile[]
  /** summed over the choices; null until the first run has said it */
  usage: Usage | null
  costUsd: number | null
  /** the model that answered, as the CLI names it */
  model: string | null
  sessionId: string | null
  /** what the model's provider says of its rate limits, as HTTP headers */
  headers?: Record<string, string>
  /** fields of the request that the model has turned out not to take, beside those of the job's view */
  ignored?: string[]
  /** milliseconds that the bridge itself has taken; absent: the job has not ended, or it is not known */
  overheadMs?: number
}

/** About how many bytes the words of an answer take in memory. */
export function bytesOfAnswer(answer: Answer | null): number {
  const words = (choice: Choice) => [choice.text, choice.reasoning, ...choice.toolCalls.map((call) => call.arguments)]
  return (answer?.choices ?? []).flatMap(words).reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}

export function emptyAnswer(): Answer {
  return { choices: [], usage: null, costUsd: null, model: null, sessionId: null }
}

/** null for an answer of which nothing was said and nothing spent. */
export function answerOrNull(answer: Answer): Answer | null {
  return answer.choices.length > 0 || answer.usage !== null || answer.files !== undefined ? answer : null
}

/** Adds one event to the answer, in place. Events that carry nothing of the answer leave it as it is. */
export function addToAnswer(answer: Answer, event: JobEvent): void {
  switch (event.type) {
    case 'text':
      choiceOf(answer, event.choice).text += event.text
      break
    case 'reasoning':
    case 'commentary':
      addAside(choiceOf(answer, event.choice), event)
      break
    case 'tool_call': {
      const calls = choiceOf(answer, event.choice).toolCalls
      const call = (calls[event.index] ??= { id: '', name: '', arguments: '' })
      if (event.id !== undefined) call.id = event.id
      if (event.name !== undefined) call.name = event.name
      if (event.namespace !== undefined) call.namespace = event.namespace
      if (event.custom) call.custom = true
      call.arguments += event.arguments
      break
    }
    case 'usage':
      choiceOf(answer, event.choice)
      answer.usage = answer.usage === null ? event.usage : addUsage(answer.usage, event.usage)
      if (event.costUsd !== null) answer.costUsd = (answer.costUsd ?? 0) + event.costUsd
      answer.model = event.model ?? answer.model
      answer.sessionId = event.sessionId ?? answer.sessionId
      break
    case 'finish': {
      const choice = choiceOf(answer, event.choice)
      choice.finish = event.reason
      choice.refusal = event.refusal ?? null
      if (event.cause !== undefined) choice.cause = event.cause
      break
    }
    case 'files':
      // what is written anew takes the former's place
      answer.files = [...(answer.files ?? []).filter(({ path }) => !event.files.some((file) => file.path === path)), ...event.files]
      break
    case 'attempt':
      // what was spent stays spent; what was said is no longer the answer
      if (answer.choices[event.choice] !== undefined) answer.choices[event.choice] = emptyChoice()
      break
    case 'status':
      answer.model = event.model ?? answer.model
      if (event.headers !== undefined) answer.headers = event.headers
      if (event.ignored !== undefined) answer.ignored = [...new Set([...(answer.ignored ?? []), ...event.ignored])]
      break
    case 'end':
      if (event.overheadMs !== undefined) answer.overheadMs = event.overheadMs
      break
    case 'tool_activity':
    case 'review':
      break
  }
}

function addAside(choice: Choice, { type, text }: Aside): void {
  // as in the stream, nothing said needs no space before what follows
  if (text === '') return
  if (type === 'commentary') choice.asides ??= choice.reasoning === '' ? [] : [{ type: 'reasoning', text: choice.reasoning }]
  else choice.reasoning += text
  const last = choice.asides?.at(-1)
  if (last?.type === type) last.text += text
  else choice.asides?.push({ type, text })
}

/** The words before the calls of an answer that has to be JSON. */
export function commentaryOf({ asides = [] }: Choice): string {
  return asides.map(({ type, text }) => (type === 'commentary' ? text : '')).join('')
}

function choiceOf(answer: Answer, index: number): Choice {
  while (answer.choices.length <= index) {
    answer.choices.push(emptyChoice())
  }
  return answer.choices[index]!
}

function emptyChoice(): Choice {
  return { text: '', reasoning: '', toolCalls: [], refusal: null, finish: null }
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens === null && b.reasoningTokens === null ? null : (a.reasoningTokens ?? 0) + (b.reasoningTokens ?? 0),
  }
}
