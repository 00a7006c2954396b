/** One answer from its first byte to its last: bytes in, events and one outcome out. */
import type { Dispatcher } from 'undici'
import { BridgeError, type Failure } from '../errors/catalogue.js'
import type { Outcome, Run } from '../jobs/executor.js'
import type { UpstreamRequest } from '../request/upstream-request.js'
import { AnswerReader } from './answer-reader.js'
import { BodyParser } from './body-parser.js'
import { tokensOfPrompt } from './estimate.js'
import { afterContent, failureOfConnection, isOurs } from './failure.js'

/** How long after its last word an answer's usage and end are waited for. */
const patienceMs = 5000

/** Resolves when the connection is free or gone; the outcome is settled as soon as it is known. */
export async function readAnswer(
  run: Run<UpstreamRequest>,
  provider: string,
  body: Dispatcher.ResponseData['body'],
  settle: (outcome: Outcome) => void,
  fail: (failure: Failure) => void,
): Promise<void> {
  const parser = new BodyParser(provider)
  const answer = new AnswerReader(provider, run.choice, (charge) => run.spent?.(charge))
  let over = false
  let announced = false
  let patience: NodeJS.Timeout | undefined
  const count = () => answer.over(tokensOfPrompt(run.request))
  // in the same step: what comes after the job's end is decided is not counted
  run.signal.addEventListener('abort', count, { once: true })
  const finish = (marked: boolean) => {
    if (over) return
    const { events, outcome } = answer.end(marked)
    over = true
    count()
    for (const event of events) run.emit(event)
    settle(outcome)
  }
  const take = (pieces: ReturnType<BodyParser['feed']>) => {
    for (const piece of pieces) {
      if (over) return
      if (piece === 'done') {
        finish(true)
        continue
      }
      const events = answer.add(piece.value)
      if (!announced && (answer.model !== null || events.length > 0)) {
        announced = true
        const model = answer.model === null ? {} : { model: answer.model }
        run.emit({ type: 'status', status: 'in_progress', ...model })
      }
      for (const event of events) run.emit(event)
    }
  }
  try {
    for await (const bytes of body) {
      run.alive()
      take(parser.feed(bytes as Uint8Array))
      if (over || answer.finished) patience ??= setTimeout(() => body.destroy(), patienceMs)
    }
    take(parser.end())
    finish(false)
  } catch (error) {
    if (over) return
    if (isOurs(error, run.signal)) run.trouble?.("a provider's answer could not be read", error)
    // the model had come to its end: what is missing is at most its usage
    if (answer.finished && !(error instanceof BridgeError)) return settleFinished(finish, fail)
    const failure = error instanceof BridgeError ? error.failure : failureOfConnection(provider, error, true, answer.said)
    if (answer.said) count()
    fail(answer.said ? afterContent(failure) : failure)
  } finally {
    run.signal.removeEventListener('abort', count)
    clearTimeout(patience)
    body.destroy()
  }
}

function settleFinished(finish: (marked: boolean) => void, fail: (failure: Failure) => void): void {
  try {
    finish(false)
  } catch (error) {
    fail((error as BridgeError).failure)
  }
}
