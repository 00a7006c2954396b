/**
 * Looks at the bytes of a JSON text as they come, before anything is parsed: how deep it is nested and how many values it has decide what
 * `JSON.parse` will cost. It finds no syntax errors; the parser does.
 */
export interface JsonLimits {
  /** levels of nesting */
  depth: number
  /** arrays, objects and their members, all together */
  values: number
  /** members of one object: with many names an object costs far more than its bytes, wherever it is looked through */
  members: number
}

export type JsonExcess = keyof JsonLimits

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

export class JsonScan {
  private depth = 0
  private values = 0
  private inString = false
  private escaped = false

  /** for each level, how many commas its object has so far; -1 where it is an array */
  private readonly commas: Int32Array

  constructor(private readonly limits: JsonLimits) {
    this.commas = new Int32Array(limits.depth + 1).fill(-1)
  }

  /** Takes the next bytes; says which limit the text has passed. */
  push(bytes: Uint8Array): JsonExcess | null {
    const { length } = bytes
    let at = 0
    while (at < length) {
      if (this.inString) {
        at = this.skipString(bytes, at)
        continue
      }
      const byte = bytes[at++]!
      if (byte === quote) this.inString = true
      else if (byte === comma) {
        this.values += 1
        if (this.commas[this.depth]! >= 0 && ++this.commas[this.depth]! >= this.limits.members) return 'members'
      } else if (byte === openBracket || byte === openBrace) {
        this.values += 1
        this.depth += 1
        if (this.depth > this.limits.depth) return 'depth'
        this.commas[this.depth] = byte === openBrace ? 0 : -1
      } else if (byte === closeBracket || byte === closeBrace) this.depth -= 1
    }
    return this.values > this.limits.values ? 'values' : null
  }

  /** Returns the place behind the string, or the end of the bytes. */
  private skipString(bytes: Uint8Array, from: number): number {
    const { length } = bytes
    let at = from
    if (this.escaped) {
      this.escaped = false
      at += 1
    }
    for (; at < length; at++) {
      const byte = bytes[at]
      if (byte === backslash) at += 1
      else if (byte === quote) {
        this.inString = false
        return at + 1
      }
    }
    // the escaped byte is the first of the next bytes
    this.escaped = at > length
    return length
  }
}
