import { BridgeError, type ErrorCode } from './catalogue.js'

type Refusal = Extract<ErrorCode, 'invalid_value' | 'unsupported_value' | 'unsupported_parameter'>

const words: Record<Refusal, string> = {
  invalid_value: 'Invalid value for',
  unsupported_value: 'Unsupported value for',
  unsupported_parameter: 'Unsupported parameter',
}

/** A 400 for one member of a request, to be thrown. `param` is its dotted path, `why` goes on after a colon. */
export function refuse(code: Refusal, param: string, why: string, cause?: unknown): BridgeError {
  return new BridgeError(code, `${words[code]} '${param}': ${why}.`, { param, cause })
}
