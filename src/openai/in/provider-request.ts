/**
 * The body of a chat request whose model is another provider's. Only what the bridge itself reads is checked; every other member is the
 * provider's to judge, so no rule for Claude's models is applied to it.
 */
import { z } from 'zod'
import { readHere } from '../../request/upstream-request.js'
import { chatRequestSchema } from './chat-request.js'

const read = Object.fromEntries(readHere.map((name) => [name, true])) as Record<(typeof readHere)[number], true>

export const providerRequestSchema = chatRequestSchema.pick(read).extend({ messages: z.array(z.unknown()).nullish() })

export type ProviderRequest = z.infer<typeof providerRequestSchema>
