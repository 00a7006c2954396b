/**
 * Gives the keys in a JSON text other names while it comes in pieces, and leaves everything else as it was written: numbers, spaces, the
 * spelling of texts. A key is held until it is whole.
 */
export class KeyRenamer {
  /** of each open bracket, whether it is an object's */
  private readonly open: boolean[] = []
  /** a text that begins now is a key */
  private keyNext = false
  private inText = false
  private escaped = false
  /** the key so far, with its quotes; null: what comes is no key */
  private key: string | null = null

  constructor(private readonly names: ReadonlyMap<string, string>) {}

  push(piece: string): string {
    let out = ''
    for (const character of piece) out += this.take(character)
    return out
  }

  /** What is held of a text that has broken off. */
  end(): string {
    const rest = this.key ?? ''
    this.key = null
    return rest
  }

  private take(character: string): string {
    if (this.inText) return this.inside(character)
    if (character === '"') {
      this.inText = true
      this.key = this.keyNext ? '"' : null
      this.keyNext = false
      return this.key === null ? character : ''
    }
    if (character === '{' || character === '[') this.open.push(character === '{')
    else if (character === '}' || character === ']') this.open.pop()
    if (character === '{' || (character === ',' && this.open.at(-1) === true)) this.keyNext = true
    else if (character === '}') this.keyNext = false
    return character
  }

  private inside(character: string): string {
    const ends = character === '"' && !this.escaped
    this.escaped = character === '\\' && !this.escaped
    this.inText = !ends
    if (this.key === null) return character
    this.key += character
    if (!ends) return ''
    const written = this.key
    this.key = null
    return this.named(written)
  }

  private named(written: string): string {
    let key: string
    try {
      key = JSON.parse(written) as string
    } catch {
      return written
    }
    const name = this.names.get(key)
    return name === undefined ? written : JSON.stringify(name)
  }
}
