/**
 * Joins what a stream of text pieces cuts in two: a piece that ends in the first half of a surrogate pair keeps that
 * half back for the next piece. Half a pair cannot be written as UTF-8, so a client would show two replacement
 * characters.
 */
export interface Piece {
  member: string
  text: string
}

export interface Joiner {
  /**
   * The pieces to send for a piece that came: none if it is empty or all held back. `member` says which text it goes
   * on.
   */
  add(member: string, text: string): Piece[]
  /** What is still held back, though its other half never came. */
  end(): Piece[]
}

export function createJoiner(): Joiner {
  let held: Piece | null = null

  function end(): Piece[] {
    const rest = held
    held = null
    return rest === null ? [] : [rest]
  }

  return {
    add(member, text) {
      if (text === '') return []
      // nothing may overtake what is held back
      const before = held !== null && held.member !== member ? end() : []
      const whole = (held?.text ?? '') + text
      held = null
      const cut = endsInHighSurrogate(whole) ? whole.length - 1 : whole.length
      if (cut < whole.length) held = { member, text: whole.slice(cut) }
      return cut > 0 ? [...before, { member, text: whole.slice(0, cut) }] : before
    },
    end,
  }
}

function endsInHighSurrogate(text: string): boolean {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last <= 0xdbff
}
