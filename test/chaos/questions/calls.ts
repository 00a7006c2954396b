/** The model calls that come to a stand-in, each with the question that it was made for. */
import type { RecordedRequest, Reply } from '../../standin/index.js'
import { type Answer, answerTo, markerIn, replyOf } from './replies.js'
import type { Question } from './script.js'

export interface ModelCall {
  call: RecordedRequest
  answer: Answer
  question: Question
}

export class Calls {
  /** in the order in which they came */
  readonly all: ModelCall[] = []
  /** findings: calls for no question */
  readonly strays: string[] = []
  private readonly asked = new Map<string, Question>()
  private readonly last = new Map<Question, ModelCall>()

  /** To be told of each question before it is asked; one that is regenerated has the marker of the question before. */
  expect(question: Question): void {
    this.asked.set(question.marker, question)
  }

  /** What was said to a question; null: the model was not asked. */
  answerTo(question: Question): Answer | null {
    return this.last.get(question)?.answer ?? null
  }

  /** The last call for a question. */
  callFor(question: Question): RecordedRequest | null {
    return this.last.get(question)?.call ?? null
  }

  /** The fallback of the stand-in. */
  readonly answer = (call: RecordedRequest): Reply => {
    const marker = markerIn(call.body) ?? 'no marker'
    const question = this.asked.get(marker)
    if (question === undefined) {
      this.strays.push(`the model was asked with ${marker}`)
      throw new Error(`nothing was asked with ${marker}`)
    }
    const made = { call, answer: answerTo(call.body, marker), question }
    this.all.push(made)
    this.last.set(question, made)
    return replyOf(made.answer, marker, call.body)
  }
}
