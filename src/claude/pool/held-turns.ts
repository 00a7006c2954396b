/**
 * The turns that a process holds, each with an exact hash of everything up to there, and the `uuid` of the line by which it can be taken
 * back. A text and a list of one text part are the same turn already when they come here.
 */
import { createHash } from 'node:crypto'
import type { Turn } from '../../request/conversation.js'

/** Of each turn, the hash of the conversation up to it. Equal hashes, and only they, mean equal conversations. */
export function chainOf(turns: readonly Turn[], before = ''): string[] {
  let last = before
  return turns.map((turn) => (last = createHash('sha256').update(last).update(JSON.stringify(turn)).digest('base64')))
}

/** A turn of the user's that can be taken back, with all that follows it. */
export interface Taken {
  uuid: string
  /** what the CLI gives back, where that is known */
  text: string | null
  /** an answer of the model's is left before it */
  leavesAnswer: boolean
}

interface Held {
  role: Turn['role']
  /** '' of an answer that the client has not got as it was: no request goes on from it */
  hash: string
  /** null where the turn did not begin with a line of its own */
  uuid: string | null
  text: string | null
}

export class HeldTurns {
  private readonly turns: Held[] = []

  get count(): number {
    return this.turns.length
  }

  /** The hash of all that is held; null where no request can go on from it. */
  get state(): string | null {
    const last = this.turns.at(-1)
    return last === undefined ? '' : last.hash || null
  }

  /** @param uuid of the user's line; null where the turn is the model's or has no line of its own */
  add(turn: Turn, uuid: string | null): void {
    const { state } = this
    const hash = state === null ? '' : chainOf([turn], state)[0]!
    // results of calls are taken back with the question that the calls were made for
    const results = turn.content.some(({ type }) => type === 'tool_result')
    this.turns.push({ role: turn.role, hash, uuid: results ? null : uuid, text: textOf(turn) })
  }

  /** An answer that no client has got as it was. */
  addUnknown(): void {
    this.turns.push({ role: 'assistant', hash: '', uuid: null, text: null })
  }

  /**
   * How many turns can stay for a conversation with these hashes: those in common, as far as what comes behind them can be taken back.
   * Null where the process cannot be brought to a point of that conversation.
   */
  keepFor(chain: readonly string[]): number | null {
    let common = 0
    while (common < this.turns.length && common < chain.length && this.turns[common]!.hash === chain[common]) common += 1
    if (common === this.turns.length) return common
    for (let at = common; at >= 0; at--) if (this.turns[at]?.uuid != null) return at
    return null
  }

  /** What has to be taken back so that `keep` turns stay, the last first; nothing is held of it from now on. */
  takeBack(keep: number): Taken[] {
    const answers = this.turns.slice(0, keep).some(({ role }) => role === 'assistant')
    const taken: Taken[] = []
    let answered = answers
    for (const { role, uuid, text } of this.turns.splice(keep)) {
      if (uuid !== null) taken.unshift({ uuid, text, leavesAnswer: answered })
      if (role === 'assistant') answered = true
    }
    return taken
  }
}

/** Of a turn that is one text; of any other the CLI's own rendering is not foreseen. */
function textOf({ role, content }: Turn): string | null {
  const [first, second] = content
  return role === 'user' && first?.type === 'text' && second === undefined ? first.text : null
}
