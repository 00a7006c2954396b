/**
 * Cuts a streamed text before the first of some stop sequences, also where one lies across pieces. The API gets the
 * sequences too; this is what holds where it cannot take one (it refuses sequences of white space only). Each letter is looked at a
 * bounded number of times, however long the sequences are.
 */
export class StopCutter {
  private held = ''
  private readonly matchers: Matcher[]

  constructor(sequences: readonly string[]) {
    this.matchers = sequences.map((sequence) => new Matcher(sequence))
  }

  /** Text that can be passed on now, and whether a sequence was met: then nothing after it is the answer's. */
  push(text: string): { text: string; stopped: boolean } {
    if (this.matchers.length === 0) return { text, stopped: false }
    for (let at = 0; at < text.length; at++) {
      const letter = text.charCodeAt(at)
      // the one that is complete first, as if the text came letter by letter; of two, the longer
      let complete = 0
      for (const matcher of this.matchers) if (matcher.take(letter)) complete = Math.max(complete, matcher.length)
      if (complete === 0) continue
      const all = this.held + text.slice(0, at + 1)
      this.forget()
      return { text: all.slice(0, all.length - complete), stopped: true }
    }
    const all = this.held + text
    const keep = this.matchers.reduce((longest, { matched }) => Math.max(longest, matched), 0)
    this.held = keep === 0 ? '' : all.slice(-keep)
    return { text: keep === 0 ? all : all.slice(0, -keep), stopped: false }
  }

  /** What was held back as the possible beginning of a sequence, when no more text comes. */
  rest(): string {
    const rest = this.held
    this.forget()
    return rest
  }

  private forget(): void {
    this.held = ''
    for (const matcher of this.matchers) matcher.matched = 0
  }
}

/** How much of a sequence the end of a text is (Knuth, Morris and Pratt). */
class Matcher {
  /** letters of the sequence that the text ends with */
  matched = 0
  /** for each beginning of the sequence, how long the longest shorter one is that it ends with; known as far as a text has come */
  private readonly shorter: number[] = [0, 0]

  constructor(private readonly sequence: string) {}

  get length(): number {
    return this.sequence.length
  }

  /** True where the letter completes the sequence. */
  take(letter: number): boolean {
    this.matched = this.after(this.matched, letter)
    if (this.matched === this.shorter.length) this.shorter.push(this.after(this.shorter[this.matched - 1]!, letter))
    return this.matched === this.sequence.length
  }

  /** What is matched where a letter follows on `matched` letters. */
  private after(matched: number, letter: number): number {
    let at = matched
    while (at > 0 && this.sequence.charCodeAt(at) !== letter) at = this.shorter[at]!
    return this.sequence.charCodeAt(at) === letter ? at + 1 : at
  }
}
