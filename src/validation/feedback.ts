/** What the model is told about an answer that did not pass, as the user's next turn. */
import type { ValidationError } from '../jobs/review.js'

export interface Feedback {
  errors: readonly ValidationError[]
  originalPrompt: string
  /** the name of the tool that is there from now on; null where there is none */
  tool: string | null
  /** a human's words */
  human?: string | undefined
}

export function feedbackText({ errors, originalPrompt, tool, human }: Feedback): string {
  const parts: string[] = []
  if (errors.length > 0) {
    parts.push(`Your last answer did not pass its validation:\n\n${errors.map(line).join('\n')}`)
  }
  if (human !== undefined && human.trim() !== '') parts.push(`A person has reviewed it and says:\n\n${quoted(human)}`)
  parts.push(`The original request was:\n\n${quoted(originalPrompt)}`)
  if (tool !== null) parts.push(`The tool \`${tool}\` is available to you now. Use it to find out what you need before you answer.`)
  parts.push('Answer the original request again, as a whole, with every point above mended. Do not comment on the corrections.')
  return parts.join('\n\n')
}

function line({ type, message, mend, path }: ValidationError, index: number): string {
  const place = path === undefined ? '' : ` (at ${path})`
  const how = mend === undefined ? '' : `\n   To mend it: ${mend}`
  return `${index + 1}. [${type}] ${message}${place}${how}`
}

function quoted(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')
}
