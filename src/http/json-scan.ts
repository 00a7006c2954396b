/**
 * Looks at the bytes of a JSON text as they come, before anything is parsed: how deep it is nested and how many values it has decide what
 * `JSON.parse` will cost. It finds no syntax errors; the parser does.
 */
import { randomInt } from 'node:crypto'

export interface JsonLimits {
  /** levels of nesting */
  depth: number
  /** arrays, objects and their members, all together */
  values: number
  /** members of one object: with many names an object costs far more than its bytes, wherever it is looked through */
  members: number
  /** different names of members, all together: the parser keeps each, and a shape for each object they come in */
  names: number
}

export type JsonExcess = keyof JsonLimits

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** Random for each process, so that names of one hash cannot be prepared. */
const firstHash = randomInt(2 ** 32)

export class JsonScan {
  private depth = 0
  private values = 0
  private inString = false
  private escaped = false
  /** a string that begins here is the name of a member */
  private nameNext = false
  private inName = false
  private nameHash = 0
  private readonly names = new Set<number>()

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
        const from = at
        at = this.skipString(bytes, at)
        if (this.inName && !this.takeName(bytes, from, at)) return 'names'
        continue
      }
      const byte = bytes[at++]!
      if (byte === quote) {
        this.inString = true
        this.inName = this.nameNext
        this.nameNext = false
        this.nameHash = firstHash
      } else if (byte === comma) {
        this.values += 1
        this.nameNext = this.commas[this.depth]! >= 0
        if (this.nameNext && ++this.commas[this.depth]! >= this.limits.members) return 'members'
      } else if (byte === openBracket || byte === openBrace) {
        this.values += 1
        this.depth += 1
        if (this.depth > this.limits.depth) return 'depth'
        this.nameNext = byte === openBrace
        this.commas[this.depth] = this.nameNext ? 0 : -1
      } else if (byte === closeBracket || byte === closeBrace) this.depth -= 1
    }
    return this.values > this.limits.values ? 'values' : null
  }

  /** Hashes what these bytes hold of a name; at its end says whether one more is allowed. A name is known by its hash (FNV-1a). */
  private takeName(bytes: Uint8Array, from: number, to: number): boolean {
    let hash = this.nameHash
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    this.nameHash = hash
    if (this.inString) return true
    this.inName = false
    this.names.add(hash)
    return this.names.size <= this.limits.names
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
