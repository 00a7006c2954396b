/** Passes the words of an answer on, each once: text before a stop sequence, thoughts, and what is said before a call. */
import type { JobEvent } from '../../jobs/events.js'
import type { OutputReader } from '../protocol/output-reader.js'
import { StopCutter } from './stop-cutter.js'

export class AnswerWriter {
  private hasContent = false
  private readonly cutter: StopCutter
  /** what was said stands before a use of tools, and what comes is another paragraph */
  private parted = false
  private lastText = ''

  /** @param output reads an answer that has to be JSON: its text is not passed on as it comes */
  constructor(
    private readonly choice: number,
    stop: readonly string[],
    private readonly output: OutputReader | null,
    private readonly emit: (event: JobEvent) => void,
  ) {
    this.cutter = new StopCutter(stop)
  }

  /** Something of the answer has been passed on. */
  get contentSeen(): boolean {
    return this.hasContent
  }

  /** Takes a piece of text. True where a stop sequence was met: then nothing after it is the answer's. */
  text(text: string): boolean {
    if (this.output !== null) {
      this.output.text(text)
      return false
    }
    const { text: clear, stopped } = this.cutter.push(text)
    this.write(clear)
    return stopped
  }

  /** Passes a text on as it is. */
  write(text: string): void {
    if (text === '') return
    this.hasContent = true
    this.lastText = text
    const whole = this.parted && !/^\s/.test(text) ? `\n\n${text}` : text
    this.parted = false
    this.emit({ type: 'text', choice: this.choice, text: whole })
  }

  reasoning(text: string): void {
    if (text === '' || this.output?.reasoning(text) === true) return
    this.hasContent = true
    this.emit({ type: 'reasoning', choice: this.choice, text })
  }

  /** No more text comes: what was held back as the possible beginning of a stop sequence is the answer's. */
  rest(): void {
    this.write(this.cutter.rest())
  }

  /** What was held back belonged to a message that has been given up. */
  dropHeld(): void {
    this.cutter.rest()
  }

  /** A use of tools inside the run follows. */
  part(): void {
    this.rest()
    this.parted = /\S$/.test(this.lastText)
  }

  /** A call of a client's function begins. */
  beforeCall(): void {
    this.hasContent = true
    this.commentary()
    this.rest()
  }

  /** Words that were held while an answer could still be JSON. */
  commentary(): void {
    for (const { type, text } of this.output?.beforeCall() ?? []) {
      if (text === '') continue
      this.hasContent = true
      this.emit({ type, choice: this.choice, text })
    }
  }

  /** The answer was cut at its limit of length. */
  cutShort(): void {
    this.commentary()
    for (const text of this.output?.cutShort() ?? []) this.write(text)
  }
}
