/**
 * Questions that no two requests share, and the stand-in's answers to them: an answer that belongs to another question,
 * or that lost or doubled a piece, cannot go unseen.
 */
import { type MessageReply, message, text } from '../test/standin/index.js'
import { preparedAnswer } from './prepared-answers.js'

export interface Question {
  text: string
  /** the whole answer, byte for byte */
  answer: string
  /** stands in the text, the answer and nowhere else */
  marker: string
}

let asked = 0

/**
 * @param holdMs how long the model keeps silent before its first word
 * @param more `wrong first`: the answer is another one until it is told that it did not pass; `cut`: it ends at the limit of its length
 */
export function newQuestion(holdMs = 0, more: '' | 'wrong first' | 'cut' = ''): Question {
  const marker = `ASK-${process.pid}-${++asked}-`
  return { text: `${marker} hold ${holdMs} ${more}`, answer: words(marker).join(''), marker }
}

/** The stand-in's side of it. @throws Error where the text is none of ours */
export function replyTo(said: string): MessageReply {
  const prepared = preparedAnswer(said)
  if (prepared !== null) return prepared
  const found = [...said.matchAll(/(ASK-\d+-\d+-) hold (\d+)( cut)?/g)].at(-1)
  if (found === undefined) throw new Error('this is no question of the benchmark')
  const pace = found[2] === '0' ? {} : { pace: { firstTokenDelayMs: Number(found[2]) } }
  const wrong = said.includes('wrong first') && !said.includes('did not pass its validation')
  const cut = found[3] === undefined ? {} : { stopReason: 'max_tokens' as const }
  return message([text(wrong ? ['Something', ' else.'] : words(found[1]!))], { ...pace, ...cut })
}

function words(marker: string): string[] {
  return [marker, ' is', ' what', ' you', ' have', ' asked', ' about.']
}
