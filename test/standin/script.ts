/** Who answers: the first rule that matches, else the next reply in the queue, else the fallback. */
import { contains } from './reading.js'
import type { RecordedRequest } from './record.js'
import type { Answer, Reply } from './reply.js'

/** A text is looked for in the whole request (system, history, tool results), a pattern in its JSON. */
export type Match = string | RegExp | ((request: RecordedRequest) => boolean)

interface Rule {
  match: Match
  answers: readonly Answer[]
  used: number
}

export class Script {
  #queue: Answer[] = []
  #rules: Rule[] = []

  constructor(private readonly fallback: (request: RecordedRequest) => Reply | Promise<Reply>) {}

  /** replies still waiting in the queue */
  get queued(): number {
    return this.#queue.length
  }

  push(answers: readonly Answer[]): void {
    this.#queue.push(...answers)
  }

  /** Several answers are given in order, the last one again and again. @returns removes the rule */
  rule(match: Match, answers: readonly Answer[]): () => void {
    if (answers.length === 0) throw new TypeError('a rule needs an answer')
    const rule: Rule = { match, answers, used: 0 }
    this.#rules.push(rule)
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule)
    }
  }

  clear(): void {
    this.#queue = []
    this.#rules = []
  }

  /** Takes the reply for a request; whatever an answer function throws comes through. */
  async next(request: RecordedRequest): Promise<Reply> {
    const answer = this.#take(request)
    return typeof answer === 'function' ? answer(request) : answer
  }

  #take(request: RecordedRequest): Answer {
    const rule = this.#rules.find((candidate) => matches(candidate.match, request))
    if (rule === undefined) return this.#queue.shift() ?? this.fallback
    const index = Math.min(rule.used++, rule.answers.length - 1)
    return rule.answers[index]!
  }
}

function matches(match: Match, request: RecordedRequest): boolean {
  if (typeof match === 'function') return match(request)
  return typeof match === 'string' ? contains(request, match) : match.test(JSON.stringify(request.body))
}
