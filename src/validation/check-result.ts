/** What comes of a check. */
import type { CheckError } from '../schema/words.js'

export type CheckResult = { ok: true } | { ok: false; errors: CheckError[] }

export const passed: CheckResult = { ok: true }

/** A result with one error. */
export function wrong(message: string, more: Omit<CheckError, 'message'> = {}): CheckResult {
  return { ok: false, errors: [{ message, ...more }] }
}

/** A result of as many errors as there are: none is a pass. */
export function resultOf(errors: CheckError[]): CheckResult {
  return errors.length === 0 ? passed : { ok: false, errors }
}
