/**
 * Where the members of the chat request that a Responses request is turned into came from, so that an error or an
 * ignored member is named as the caller wrote it.
 */
import { BridgeError } from '../../errors/catalogue.js'

const fixed: [chat: string, own: string][] = [
  ['messages', 'input'],
  ['messages[].tool_call_id', 'input[].call_id'],
  ['messages[].tool_calls[].id', 'input[].call_id'],
  ['max_completion_tokens', 'max_output_tokens'],
  ['reasoning_effort', 'reasoning.effort'],
  ['verbosity', 'text.verbosity'],
  ['response_format', 'text.format'],
  ['response_format.json_schema', 'text.format'],
]

export interface Places {
  /** `chat` and everything below it came from `own`. */
  set(chat: string, own: string): void
  /** The path in the Responses request for one in the chat request. */
  own(chat: string): string
  /** The same error with the path of the Responses request. */
  error(error: BridgeError): BridgeError
}

/** `carried`: how many messages in front are those of the response before. */
export function createPlaces(carried: number): Places {
  const places = new Map(fixed)

  function own(chat: string): string {
    const message = /^messages\[(\d+)\]/.exec(chat)
    if (message !== null && Number(message[1]) < carried) return 'previous_response_id'
    for (let at = chat; at !== ''; at = parentOf(at)) {
      const place = places.get(at)
      if (place !== undefined) return place + chat.slice(at.length)
    }
    return chat
  }

  return {
    set: (chat, place) => places.set(chat, place),
    own,
    error(error) {
      const { code, message, param, ...more } = error.failure
      if (param === undefined) return error
      const place = own(param)
      const words = message.replaceAll(`'${param}'`, `'${place}'`)
      return new BridgeError(code, place.endsWith('.type') ? ownTypes(words) : words, { ...more, param: place, cause: error })
    },
  }
}

/** Types of parts have other names here. */
function ownTypes(words: string): string {
  return words.replaceAll("'image_url'", "'input_image'").replaceAll("'file'", "'input_file'")
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.'), path.lastIndexOf('[')))
}
