/** What a person is asked to decide. */
import type { Failure } from '../errors/catalogue.js'

/** Everything a person needs to decide about an answer that did not pass, and what more attempts go on from. */
export interface Review {
  reason: string
  attempts: number
  lastResponse: string
  validationErrors: ValidationError[]
  /** as the caller wrote it: the conversation's messages, or the question */
  originalRequest: unknown
  /** the executor's business alone */
  resume: unknown
  /** what the person said, when more attempts were asked for */
  feedback?: string
}

/** One thing that is wrong with an answer. */
export interface ValidationError {
  /** the check that says so */
  type: string
  message: string
  /** what to do about it */
  mend?: string
  /** place within the answer, where it has one */
  path?: string
}

/** What a job ends with whose review did not come for as long as its record is kept. */
export const unreviewed: Failure = { code: 'review_expired', message: 'The answer was not reviewed in time.' }
