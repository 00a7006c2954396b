/** `cb_<id>_<secret>`: how a made key is made, and read again. */
import { createHash, randomBytes, randomInt } from 'node:crypto'

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
const form = /^cb_([a-z0-9]{10})_[A-Za-z0-9_-]{43}$/

/** Ten letters and digits. `taken`: whether an id is a name or an id already. */
export function newKeyId(taken: (id: string) => boolean): string {
  for (;;) {
    const id = Array.from({ length: 10 }, () => alphabet[randomInt(alphabet.length)]).join('')
    if (!taken(id)) return id
  }
}

/** A key of an id, with 32 random bytes. */
export function newKey(id: string): string {
  return `cb_${id}_${randomBytes(32).toString('base64url')}`
}

/** The id that a key names; null for what is no made key. */
export function idIn(key: string): string | null {
  return form.exec(key)?.[1] ?? null
}

/** What is kept of a key. A key has 256 random bits, so no slow hash is needed. */
export function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
