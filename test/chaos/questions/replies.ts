/**
 * What the stand-in says to a question: the answer names the question's marker, so that an answer to another question shows. Half of the
 * answers have thoughts before them where the request lets the model think.
 */
import type { Called } from '../conversations.js'
import { type MessagesRequest, type Reply, message, offered, structuredOutput, thinking, toolUse } from '../../standin/index.js'

/** `Q-<owner>-<number>;` stands in every text of the owner's; the last one in the messages is the question's. */
const markers = /Q-([a-z])-(\d+);/g

export const markerOf = (owner: string, number: number): string => `Q-${owner}-${number};`

/** The function that the client offers. */
export const lookUp = 'look_up'
/** A question with this word is answered slowly, so that it can be cut off in the middle. */
export const slowly = 'slowly'

export interface Answer {
  marker: string
  text: string
  /** a call of the client's function that comes with the text */
  call: Called | null
  /** the answer is JSON by a schema, in place of the text */
  json: boolean
  thought: boolean
}

/** Owners whose markers stand in a body. */
export function ownersIn(body: MessagesRequest): string[] {
  return [...new Set([...JSON.stringify(body).matchAll(markers)].map((found) => found[1]!))]
}

/** Null where the messages have no marker. */
export function markerIn(body: MessagesRequest): string | null {
  return [...JSON.stringify(body.messages ?? []).matchAll(markers)].at(-1)?.[0] ?? null
}

/** The same for the same body. */
export function answerTo(body: MessagesRequest, marker: string): Answer {
  const [, owner, digits] = [...marker.matchAll(markers)][0]!
  const number = Number(digits)
  const last = JSON.stringify(body.messages?.findLast(({ content }) => JSON.stringify(content).includes(marker))?.content)
  const tools = (body.tools ?? []).map(({ name }) => name)
  const calls = tools.some((name) => name.endsWith(lookUp)) && number % 3 !== 0 && !last.includes('tool_result')
  return {
    marker,
    text: `Answer to ${marker} one two three.`,
    call: calls
      ? { id: `toolu_${owner}_${number}`, type: 'function', function: { name: lookUp, arguments: JSON.stringify({ of: marker }) } }
      : null,
    json: tools.includes('StructuredOutput'),
    thought: number % 2 === 0 && thinks(body),
  }
}

function thinks(body: MessagesRequest): boolean {
  const { type } = (body['thinking'] ?? { type: 'disabled' }) as { type: string }
  return type !== 'disabled'
}

export function replyOf({ text, call, json, thought }: Answer, marker: string, body: MessagesRequest): Reply {
  const last = JSON.stringify(body.messages?.findLast(({ content }) => JSON.stringify(content).includes(marker)))
  const pace = last.includes(slowly) ? { pace: { firstTokenDelayMs: 60, tokenDelayMs: 60 } } : {}
  const thoughts = thought ? [thinking(`Thoughts about ${marker}`)] : []
  if (json) return message([...thoughts, structuredOutput({ of: marker })], pace)
  const calls = call === null ? [] : [toolUse(offered(lookUp), { of: marker }, call.id)]
  return message([...thoughts, { type: 'text', deltas: text.split(/(?= )/) }, ...calls], pace)
}
