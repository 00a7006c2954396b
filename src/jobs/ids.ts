import { randomFillSync } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** `task_` and 24 random letters and digits (142 bits): not to be guessed. */
export function newJobId(): string {
  return `task_${randomWord()}`
}

/** `msg_` and as many. */
export function newWebhookId(): string {
  return `msg_${randomWord()}`
}

/** Random bytes in store: a call of the system for each id is dear. None is used twice. */
const store = Buffer.alloc(4096)
let used = store.length

function randomByte(): number {
  if (used === store.length) {
    randomFillSync(store)
    used = 0
  }
  return store[used++]!
}

function randomWord(): string {
  let word = ''
  while (word.length < 24) {
    const byte = randomByte()
    // bytes past the last whole multiple of 62 would make some letters likelier
    if (byte < 248) word += alphabet[byte % 62]
  }
  return word
}
