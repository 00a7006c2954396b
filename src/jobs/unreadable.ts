import { BridgeError } from '../errors/catalogue.js'

/** A record, or something that belongs to it, that is not what any version has written. It is left as it is; every other one is read. */
export class UnreadableRecord extends BridgeError {
  constructor(
    readonly id: string,
    /** null where that is what cannot be read */
    readonly owner: string | null,
    /** the column of the record, or `request` or `events`; never its content */
    readonly part: string,
    /** what is wrong with it */
    why = 'is damaged',
  ) {
    super('record_unreadable', `The record of ${id} ${why} (${part}) and cannot be read.`)
  }
}

/** For `catch`: gives `fallback` in place of what cannot be read. Throws any other error. */
export function unlessUnreadable<T>(fallback: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof UnreadableRecord) return fallback
    throw error
  }
}
