import type { Failure } from '../errors/catalogue.js'

/** A validator that could not do its work, for a reason that has a code: a child job that failed. */
export class ValidatorFailed extends Error {
  override readonly name = 'ValidatorFailed'

  constructor(readonly failure: Failure) {
    super(failure.message)
  }
}
