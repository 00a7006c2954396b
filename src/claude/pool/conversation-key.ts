/**
 * The name of a conversation's state: an exact hash of everything that was said and of everything that the process was told beside
 * it once and for all; what is set anew for every turn is no part of it. Equal keys, and only they, mean that a process can go on with a
 * request. A text and a list of one text part are the same turn already when they come here.
 */
import { createHash } from 'node:crypto'
import type { ClaudeRequest, Turn } from '../../request/conversation.js'
import { fieldsAt } from '../turn/field-places.js'

const told = fieldsAt('once per process')

/** State after `turns` were said, on a process of that profile, for that owner. */
export function conversationKey(owner: string, profileKey: string, request: ClaudeRequest, turns: readonly Turn[]): string {
  return createHash('sha256')
    .update(JSON.stringify([owner, profileKey, told.map((field) => request[field] ?? null), turns]))
    .digest('base64')
}
