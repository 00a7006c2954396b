/** What a number of a request may be, as the words of its zod schema: zod's own say "a number" of every kind. */

/** `a whole number from 1 to 8` */
export function whole(from: number, to?: number): string {
  return to === undefined ? `a whole number of at least ${from}` : `a whole number from ${from} to ${to}`
}

/** `a number from 0 to 1` */
export function between(from: number, to: number): string {
  return `a number from ${from} to ${to}`
}

export const overZero = 'a number over 0'

/** The words of this file that an issue has; null for zod's own. */
export function takenBy({ message }: { message: string }): string | null {
  return /^a (whole )?number /.test(message) ? message : null
}
