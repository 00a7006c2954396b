/**
 * An answer that has to be JSON of a schema. The CLI offers the model a tool for it and checks every call, asking again where one
 * does not satisfy the schema (docs/cli-protocol.md); so what was written is held until the CLI has accepted it.
 */
import type { Aside } from '../../jobs/answer.js'
import { KeyRenamer } from '../../schema/key-renamer.js'
import { type KeyNames, renamed } from '../../schema/property-keys.js'

/** The tool's name, as the CLI gives it. */
export const outputTool = 'StructuredOutput'

export class OutputReader {
  /** words of this message, and thoughts behind them: shown where calls follow; prose is no answer here */
  private prose: Aside[] = []
  private block: number | null = null
  private pieces: string[] = []

  /** `keys`: where the model has other keys than the client. */
  constructor(private readonly keys: KeyNames | null = null) {}

  /** A message begins: what an earlier one said was not accepted. */
  startMessage(): void {
    this.prose = []
    this.block = null
  }

  start(block: number): void {
    this.block = block
    this.pieces = []
  }

  delta(block: number, piece: string): boolean {
    if (block !== this.block) return false
    if (piece !== '') this.pieces.push(piece)
    return true
  }

  text(text: string): void {
    this.prose.push({ type: 'commentary', text })
  }

  /** Takes thoughts that come behind held words, so that the order stays; false where there are none. */
  reasoning(text: string): boolean {
    if (this.prose.length === 0) return false
    this.prose.push({ type: 'reasoning', text })
    return true
  }

  /** Thoughts that came behind held words, where these are not shown. */
  heldThoughts(): Aside[] {
    return this.beforeCall().filter(({ type }) => type === 'reasoning')
  }

  /** What was said so far, once: it is shown where a call follows. */
  beforeCall(): Aside[] {
    const said = this.prose
    this.prose = []
    return said
  }

  /** The pieces of JSON that there are of an answer that was cut short. */
  cutShort(): string[] {
    return this.block === null ? [] : this.toClient(this.pieces)
  }

  /**
   * The JSON that the CLI has accepted and its pieces, or what is wrong with the answer; the CLI's check does not cover everything. `value`:
   * undefined where the CLI accepted none and gave `errors`.
   */
  accept(value: unknown, errors: readonly string[]): { value: unknown; pieces: string[] } | { problem: string } {
    if (value === undefined) return { problem: errors.join('; ') || 'The model answered in prose.' }
    const text = this.pieces.join('')
    const own = this.keys === null ? value : renamed(value, this.keys.toClient)
    return { value: own, pieces: isSame(text, value) ? this.toClient(this.pieces) : [JSON.stringify(own)] }
  }

  private toClient(pieces: string[]): string[] {
    if (this.keys === null) return pieces
    const keys = new KeyRenamer(this.keys.toClient)
    return [...pieces.map((piece) => keys.push(piece)), keys.end()].filter((piece) => piece !== '')
  }
}

/** The CLI may have mended what the model wrote. */
function isSame(text: string, value: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value)
  } catch {
    return false
  }
}
