import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** `task_` and 24 random letters and digits (142 bits): not to be guessed. */
export function newJobId(): string {
  return `task_${randomWord()}`
}

/** `msg_` and as many. */
export function newWebhookId(): string {
  return `msg_${randomWord()}`
}

function randomWord(): string {
  let word = ''
  while (word.length < 24) {
    for (const byte of randomBytes(32)) {
      // bytes past the last whole multiple of 62 would make some letters likelier
      if (byte < 248 && word.length < 24) word += alphabet[byte % 62]
    }
  }
  return word
}
