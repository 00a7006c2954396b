import { randomBytes } from 'node:crypto'

/** An id that looks like the API's, `msg_01…`; never twice the same, because the CLI merges messages of one id. */
export function newId(prefix: 'msg' | 'req' | 'toolu' | 'srvtoolu'): string {
  return `${prefix}_01${randomBytes(11).toString('hex')}`
}
