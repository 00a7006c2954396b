/** An answer -> its JSON, in one way for every validator that reads JSON. */
import type { CheckError } from '../../schema/words.js'
import { quote } from '../text.js'
import { withoutFence } from './fences.js'

export type Read = { ok: true; value: unknown } | { ok: false; error: CheckError }

/**
 * White space round the JSON is nothing, and so is one Markdown fence round the whole answer, unless `fence` is false: models add it
 * out of habit, and clients strip it. Prose before or after is an error.
 */
export function readJson(content: string, fence = true): Read {
  const text = fence ? withoutFence(content, ['json', 'jsonc', 'json5']) : content.trim()
  if (text.trim() === '') return { ok: false, error: { message: 'The answer is empty, not JSON.', mend } }
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message.replace(/\s+/g, ' ').slice(0, 120) : 'it is nested too deeply'
    return { ok: false, error: { message: `The answer is not valid JSON: ${why}. It begins with ${quote(content, 40)}.`, mend } }
  }
}

const mend = 'Answer with one complete JSON value and nothing else: no prose, no comments, no trailing commas.'
