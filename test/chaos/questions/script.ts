/**
 * Which question comes next: owners with conversations of several kinds, which go on, are edited, regenerated and branched, or begin anew, in
 * an order that a seed fixes.
 */
import type { Called } from '../conversations.js'
import { lookUp, markerOf, slowly } from './replies.js'

export type Move = 'begin' | 'continue' | 'results' | 'edit' | 'regenerate' | 'branch'
/** How a question is cut off once its answer has begun. */
export type Cut = 'leave' | 'cancel' | 'delete' | 'kill'

export interface Kind {
  name: string
  conversations: number
  /** members of the request that every question of the kind has */
  fields: Record<string, unknown>
  prompted: boolean
  /** some questions come with an image */
  images?: true
  /** limits of the answer's length, one of them for each question; undefined: none */
  limits?: readonly (number | undefined)[]
}

export interface Message {
  role: string
  content: unknown
  tool_calls?: Called[]
  tool_call_id?: string
}

export interface Conversation {
  owner: string
  kind: Kind
  /** without the system prompt; ends with an answer */
  messages: Message[]
  /** marker of the last question; null: it was asked in another conversation, or there is none */
  last: string | null
  busy: boolean
}

export interface Question {
  marker: string
  owner: string
  kind: Kind
  move: Move
  cut: Cut | null
  /** without the system prompt; ends with the question */
  messages: Message[]
  body: Record<string, unknown>
  image: boolean
}

const model = 'sonnet'
const parameters = { type: 'object', properties: { of: { type: 'string' } }, required: ['of'], additionalProperties: false }
const tools = [{ type: 'function', function: { name: lookUp, description: 'Looks something up', parameters } }]
const format = { type: 'json_schema', json_schema: { name: 'answer', schema: parameters } }

/** Those of one owner: 20 conversations. */
export const kinds: readonly Kind[] = [
  { name: 'prompt', conversations: 6, fields: { model }, prompted: true, images: true },
  { name: 'no prompt', conversations: 4, fields: { model }, prompted: false, images: true },
  { name: 'functions', conversations: 4, fields: { model, tools }, prompted: true },
  { name: 'schema', conversations: 2, fields: { model, response_format: format }, prompted: true },
  { name: 'effort', conversations: 2, fields: { model, reasoning_effort: 'low' }, prompted: true },
  {
    ...{ name: 'limits', conversations: 2, prompted: true },
    fields: { model: 'claude-haiku-4-5-20251001' },
    limits: [undefined, 1000, 5000],
  },
]

const weights: Record<Move, number> = { begin: 3, continue: 6, results: 20, edit: 3, regenerate: 3, branch: 2 }
const cuts: readonly Cut[] = ['leave', 'cancel', 'delete', 'kill']
/** Every so many questions one is cut off. */
const cutEvery = 8
/** A longer conversation begins anew. */
const longest = 12
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

export class Script {
  readonly moves: Record<Move, number> = { begin: 0, continue: 0, results: 0, edit: 0, regenerate: 0, branch: 0 }
  private readonly conversations: Conversation[]
  private readonly asked = new Map<Kind, number>()
  private numbers = 0

  constructor(
    owners: readonly string[],
    private readonly random: () => number,
  ) {
    this.conversations = owners.flatMap((owner) =>
      kinds.flatMap((kind) => Array.from({ length: kind.conversations }, () => ({ owner, kind, messages: [], last: null, busy: false }))),
    )
  }

  /** A question of a conversation that is busy from now on. `near`: the conversation asked before, whose owner and kind are likely again. */
  next(near?: Conversation): { conversation: Conversation; question: Question } {
    const chosen = this.choose(near)
    const move = this.moveOf(chosen)
    const { owner, kind } = chosen
    const conversation = move === 'branch' ? this.pick(this.others(chosen)) : chosen
    const number = ++this.numbers
    const cut = number % cutEvery === 5 ? cuts[Math.floor(number / cutEvery) % cuts.length]! : null
    const marker = move === 'regenerate' ? chosen.last! : markerOf(owner, number)
    const image = kind.images === true && move !== 'regenerate' && this.random() < 0.25
    const user = userMessage(`${marker} What is it${cut === null ? '' : `, ${slowly}`}?`, image)
    const messages = this.messagesOf(move, chosen, marker, user)
    if (move === 'branch') {
      conversation.messages = messages.slice(0, -1)
      conversation.last = null
    }
    conversation.busy = true
    this.moves[move] += 1
    this.asked.set(kind, (this.asked.get(kind) ?? 0) + 1)
    return { conversation, question: { marker, owner, kind, move, cut, messages, image, body: this.bodyOf(owner, kind, messages) } }
  }

  /** Mostly one that has begun, and one whose functions were called; now and then one of the kind that was asked least. */
  private choose(near: Conversation | undefined): Conversation {
    if (near !== undefined && !near.busy && near.messages.at(-1)?.tool_calls !== undefined && this.random() < 0.7) return near
    const free = this.conversations.filter(({ busy }) => !busy)
    const alike = free.filter(({ owner, kind }) => owner === near?.owner && kind === near.kind)
    const least = kinds.toSorted((one, other) => (this.asked.get(one) ?? 0) - (this.asked.get(other) ?? 0))[0]!
    const rare = free.filter(({ kind }) => kind === least)
    const never = !this.asked.has(least)
    const rest = rare.length > 0 && (never || this.random() < 0.3) ? rare : free
    const from = alike.length > 0 && this.random() < (never ? 0.5 : 0.8) ? alike : rest
    const begun = from.filter(({ messages }) => messages.length > 0)
    return this.pick(begun.length > 0 && this.random() < 0.7 ? begun : from)
  }

  /** Every move was made. */
  get complete(): boolean {
    return Object.values(this.moves).every((made) => made > 0)
  }

  /** One of the moves that are possible, now and then the one that was made least. */
  private moveOf(conversation: Conversation): Move {
    const { messages, last } = conversation
    if (messages.length === 0 || messages.length > longest) return 'begin'
    const waits = messages.at(-1)?.tool_calls !== undefined
    const possible: Move[] = ['begin', waits ? 'results' : 'continue', 'edit']
    if (last !== null) possible.push('regenerate')
    if (forks(messages).length > 0 && this.others(conversation).length > 0) possible.push('branch')
    const rare = possible.toSorted((one, other) => this.moves[one] - this.moves[other])[0]!
    if (this.moves[rare] === 0 || this.random() < 0.25) return rare
    let at = this.random() * possible.reduce((sum, move) => sum + weights[move], 0)
    return possible.find((move) => (at -= weights[move]) < 0) ?? 'begin'
  }

  private messagesOf(move: Move, { messages }: Conversation, marker: string, user: Message): Message[] {
    if (move === 'begin') return [user]
    if (move === 'regenerate') return messages.slice(0, -1)
    if (move === 'edit') return [...messages.slice(0, this.pick(questions(messages))), user]
    if (move === 'branch') return [...messages.slice(0, this.pick(forks(messages))), user]
    if (move === 'continue') return [...messages, user]
    const results = (messages.at(-1)?.tool_calls ?? []).map(({ id }) => ({
      role: 'tool',
      tool_call_id: id,
      content: `Result for ${marker}`,
    }))
    return [...messages, ...results]
  }

  private bodyOf(owner: string, kind: Kind, messages: readonly Message[]): Record<string, unknown> {
    const limit = kind.limits === undefined ? undefined : this.pick(kind.limits)
    const system = kind.prompted ? [{ role: 'system', content: `You are the assistant of ${markerOf(owner, 0)}` }] : []
    return { ...kind.fields, ...(limit !== undefined && { max_tokens: limit }), messages: [...system, ...messages] }
  }

  /** Free conversations of the same owner and kind. */
  private others(conversation: Conversation): Conversation[] {
    const { owner, kind } = conversation
    return this.conversations.filter((other) => other !== conversation && !other.busy && other.owner === owner && other.kind === kind)
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!
  }
}

/** Places of the user's own messages. */
function questions(messages: readonly Message[]): number[] {
  return messages.flatMap(({ role }, at) => (role === 'user' ? [at] : []))
}

/** How many messages a branch can have in common with the conversation: up to an answer that waits for nothing. */
function forks(messages: readonly Message[]): number[] {
  return messages.flatMap(({ role, tool_calls: calls }, at) => (role === 'assistant' && calls === undefined ? [at + 1] : []))
}

function userMessage(text: string, image: boolean): Message {
  if (!image) return { role: 'user', content: text }
  const url = `data:image/png;base64,${png}`
  return {
    role: 'user',
    content: [
      { type: 'image_url', image_url: { url } },
      { type: 'text', text },
    ],
  }
}
