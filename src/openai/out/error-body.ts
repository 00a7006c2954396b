import { catalogue, type Failure } from '../../errors/catalogue.js'
import type { ErrorBody } from './response-schemas.js'

/** The inner object of OpenAI's error envelope; all four members are always there. */
export function errorObject(failure: Failure): ErrorBody['error'] {
  return {
    message: failure.message,
    type: catalogue[failure.code].type,
    param: failure.param ?? null,
    code: failure.code,
  }
}

/** The envelope: the body of every error answer, and the data of an error frame in a stream. */
export function errorBody(failure: Failure): ErrorBody {
  return { error: errorObject(failure) }
}
