/** The frames of a stream of server-sent events. */
import { createParser, type EventSourceMessage } from 'eventsource-parser'

/** Ends where the stream does. @throws where the connection breaks off */
export async function* framesOf(response: Response): AsyncGenerator<EventSourceMessage> {
  const found: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => void found.push(event) })
  const decoder = new TextDecoder()
  for await (const bytes of response.body ?? []) {
    parser.feed(decoder.decode(bytes as Uint8Array, { stream: true }))
    yield* found.splice(0)
  }
}
