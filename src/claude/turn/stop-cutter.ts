/**
 * Cuts a streamed text before the first of some stop sequences, also where one lies across pieces. The API gets the
 * sequences too; this is what holds where it cannot take one (it refuses sequences of white space only).
 */
export class StopCutter {
  private held = ''

  constructor(private readonly sequences: readonly string[]) {}

  /** Text that can be passed on now, and whether a sequence was met: then nothing after it is the answer's. */
  push(text: string): { text: string; stopped: boolean } {
    if (this.sequences.length === 0) return { text, stopped: false }
    const all = this.held + text
    // the one that is complete first, as if the text came letter by letter; of two, the longer
    let first = { at: -1, end: Infinity }
    for (const sequence of this.sequences) {
      const at = all.indexOf(sequence)
      const end = at + sequence.length
      if (at !== -1 && (end < first.end || (end === first.end && at < first.at))) first = { at, end }
    }
    if (first.at !== -1) {
      this.held = ''
      return { text: all.slice(0, first.at), stopped: true }
    }
    const keep = this.longestBeginning(all)
    this.held = keep === 0 ? '' : all.slice(-keep)
    return { text: keep === 0 ? all : all.slice(0, -keep), stopped: false }
  }

  /** What was held back as the possible beginning of a sequence, when no more text comes. */
  rest(): string {
    const rest = this.held
    this.held = ''
    return rest
  }

  /** Length of the longest end of `text` that a sequence begins with. */
  private longestBeginning(text: string): number {
    let longest = 0
    for (const sequence of this.sequences) {
      for (let length = Math.min(sequence.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(sequence.slice(0, length))) longest = length
      }
    }
    return longest
  }
}
