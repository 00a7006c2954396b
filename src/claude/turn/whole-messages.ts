/** What is read of the CLI's complete messages, `assistant` and `result`. */
import { modelLabel } from '../../request/model-label.js'
import { objectIn, objectsIn, textIn } from '../protocol/loose.js'
import type { CliMessage } from '../protocol/messages.js'

export function labelIn(model: unknown): string | undefined {
  const name = textIn(model)
  return name === undefined ? undefined : modelLabel(name)
}

/** The texts of a complete message; none where its content is not what the API's is. */
export function textsOf(message: CliMessage): string[] {
  const content = objectsIn(objectIn(message['message'])?.['content'])
  return content.flatMap((block) => (block['type'] === 'text' ? [textIn(block['text']) ?? ''] : []))
}

export function errorsOf(result: CliMessage): string[] {
  const { errors } = result
  return Array.isArray(errors) ? errors.filter((error) => typeof error === 'string') : []
}
