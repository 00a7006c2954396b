/** Answers of the stand-in that are hard to check, each asked for by its name. */
import { type MessageReply, message, structuredOutput, text } from '../test/standin/index.js'

const answers: Record<string, () => MessageReply> = {
  marks: () => message(text([marks(60_000)])),
  fences: () => message(text([`${'```'}${' \t'.repeat(20_000)}${'a'.repeat(20_000)}\`\n\`\`\``])),
  unique: () => message(structuredOutput({ items: Array.from({ length: 3000 }, (_, id) => ({ id, of: { list: [id] } })) })),
  words: () => message(text(Array.from({ length: 20_000 }, (_, index) => ` word-${index}`))),
}

/** What a question says to have the answer of that name. */
export function askFor(name: keyof typeof answers): string {
  return `PREPARED-${name}-`
}

/** The answer that a question asks for by name; null where it asks for none. */
export function preparedAnswer(said: string): MessageReply | null {
  const name = /PREPARED-([a-z]+)-/.exec(said)?.[1]
  return name === undefined || !Object.hasOwn(answers, name) ? null : answers[name]!()
}

/** One letter with combining marks in the order that takes longest to put right. */
export function marks(count: number): string {
  return `a${'\u0301\u0316'.repeat(count / 2)}`
}
