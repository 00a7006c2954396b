/**
 * What each process should hold, by the calls that reached the model: which turns of a question it had already, and which of them with the
 * model's thoughts. Finds calls of one process for two owners, and calls of a process that should have ended.
 */
import type { RecordedRequest } from '../../standin/index.js'
import type { Answer } from './replies.js'
import type { ModelCall } from './calls.js'
import type { Message } from './script.js'

/** How a process came to a question: `new`; taken back to nothing; to an earlier turn; nothing taken back. */
export type Way = 'new' | 'nothing' | 'point' | 'on'

export interface Expected {
  way: Way
  /** of each answer in the messages, whether the model's thoughts stand before it */
  thoughts: boolean[]
  /** behind which turn the CLI's note of the date stands, where it makes notes */
  dated: number
  turns: number
}

interface Held {
  key: string
  answer: boolean
  thought: boolean
  /** the turn can be taken back */
  line: boolean
}

interface Process {
  owner: string
  held: Held[]
  /** place of the first of the held questions that the process has asked; the notes stand behind it */
  dated: number
  /** why it is not to be asked again */
  over: string | null
}

const sessionOf = ({ headers }: RecordedRequest) => String(headers['x-claude-code-session-id'])

export class Processes {
  readonly findings: string[] = []
  private readonly bySession = new Map<string, Process>()

  get count(): number {
    return this.bySession.size
  }

  /** To be told of the calls in the order in which they came. */
  take({ call, answer, question }: ModelCall): Expected {
    const { owner, kind, messages, cut, marker } = question
    const known = this.bySession.get(sessionOf(call))
    const process: Process = known ?? { owner, held: [], dated: Infinity, over: null }
    this.bySession.set(sessionOf(call), process)
    if (process.owner !== owner) this.findings.push(`${marker} in a process of ${process.owner}`)
    if (process.over !== null) this.findings.push(`${marker} in a process after ${process.over}`)
    const history = messages.slice(0, -1).map(heldAs)
    const count = process.held.length
    // an answer by a schema is kept as a call
    const keep = kind.name === 'schema' ? 0 : keepOf(process.held, history)
    if (keep === null) this.findings.push(`${marker} in a process that cannot be taken back to it`)
    const kept = keep ?? 0
    process.held = [...process.held.slice(0, kept), ...history.slice(kept)]
    if (process.dated >= kept) process.dated = history.length
    const thoughts = process.held.filter((held) => held.answer).map(({ thought }) => thought)
    process.held.push(heldAs(messages.at(-1)!), { ...heldAs(messageOf(answer)), thought: answer.thought })
    if (call.closed) process.over = `${cut ?? 'no cut'} of ${marker}`
    return {
      way: known === undefined ? 'new' : kept === 0 ? 'nothing' : kept === count ? 'on' : 'point',
      thoughts,
      dated: process.dated,
      turns: messages.length,
    }
  }
}

/** As the client sends it back. */
export function messageOf({ text, call }: Pick<Answer, 'text' | 'call'>): Message {
  return { role: 'assistant', content: text, ...(call !== null && { tool_calls: [call] }) }
}

/** The turns in common, as far as what comes behind them can be taken back. */
function keepOf(held: readonly Held[], history: readonly Held[]): number | null {
  let common = 0
  while (common < held.length && held[common]!.key === history[common]?.key) common += 1
  if (common === held.length) return common
  for (let at = common; at >= 0; at--) if (held[at]?.line === true) return at
  return null
}

function heldAs(message: Message): Held {
  return { key: JSON.stringify(message), answer: message.role === 'assistant', thought: false, line: message.role === 'user' }
}
