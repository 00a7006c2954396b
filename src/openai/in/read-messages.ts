/**
 * The messages of a request, turned into a conversation before the rest of the request is looked at: thousands of them take longer than
 * the event loop may be held, and so it has turns meanwhile.
 */
import { atOneGo, inSlices } from '../../slices.js'
import type { Conversation } from '../../request/conversation.js'
import { createIgnored, type Ignored } from '../../request/ignored.js'
import type { RemoteImage } from '../../request/images.js'
import type { Message } from './message-schemas.js'
import { toConversation } from './messages-to-conversation.js'

export interface ReadMessages {
  /** the very list that was read */
  of: readonly Message[]
  ignored: string[]
  remote: RemoteImage[]
  /** throws what is wrong with the messages: other things that are wrong come first */
  conversation(): Conversation
}

/** Rejects never. The result is of the list as it is now. */
export async function readMessages(messages: readonly Message[] | null | undefined): Promise<ReadMessages | undefined> {
  if (messages == null) return undefined
  const ignored = createIgnored()
  const remote: RemoteImage[] = []
  const conversation = await inSlices(toConversation(messages, ignored, remote)).then(
    (made) => () => made,
    (error: unknown) => () => {
      throw error
    },
  )
  return { of: messages, ignored: ignored.names(), remote, conversation }
}

/** The conversation of `messages`: what was read before where it was of these, else read now. */
export function conversationOf(
  messages: readonly Message[],
  read: ReadMessages | undefined,
  ignored: Ignored,
  remote: RemoteImage[],
): Conversation {
  if (read?.of !== messages) return atOneGo(toConversation(messages, ignored, remote))
  const conversation = read.conversation()
  for (const name of read.ignored) ignored.add(name)
  for (const image of read.remote) remote.push(image)
  return conversation
}
