/**
 * The name of what a process can be used for again: whose it is, and everything that it was told once and for all. Only among processes
 * of one name is looked for one that can go on.
 */
import { createHash } from 'node:crypto'
import type { ClaudeRequest } from '../../request/conversation.js'
import { fieldsAt } from '../turn/field-places.js'
import { promptOf } from '../turn/settings.js'

const told = fieldsAt('once per process')

/** Of two requests with equal keys one can be asked in the process of the other, as far as what they set once goes. */
export function reuseKey(owner: string, profileKey: string, request: ClaudeRequest): string {
  // a prompt can be replaced and not be taken away
  const prompted = promptOf(request) !== ''
  return createHash('sha256')
    .update(JSON.stringify([owner, request.person ?? null, profileKey, prompted, told.map((field) => request[field] ?? null)]))
    .digest('base64')
}
