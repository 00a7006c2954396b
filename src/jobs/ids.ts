import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** `task_` and 24 random letters and digits (142 bits): not to be guessed. */
export function newJobId(): string {
  let id = ''
  while (id.length < 24) {
    for (const byte of randomBytes(32)) {
      // bytes past the last whole multiple of 62 would make some letters likelier
      if (byte < 248 && id.length < 24) id += alphabet[byte % 62]
    }
  }
  return `task_${id}`
}
