/** The words of a provider's error. Every provider has a shape of its own: OpenAI's object, FastAPI's `detail` list, `errors`, a bare list, plain text. */
import { listAt, memberOf, textAt } from './loose.js'

/** Characters. */
const longest = 2000
const longestJson = 500
const mostParts = 5
const deepest = 6

/** Members that hold words, the most telling first. */
const wordy = [
  ...['message', 'Message', 'msg', 'detail', 'error', 'errors', 'error_description', 'error_message', 'errorMessage'],
  ...['description', 'reason', 'title', 'details', 'fault'],
]

/**
 * What an error says; null where it says nothing. JSON of which no member is known to hold words is shown as it is.
 *
 * @param error parsed JSON of any shape, or the text of a body that is no JSON
 */
export function reasonOf(error: unknown): string | null {
  if (typeof error === 'string') return /^\s*</.test(error) ? null : words(error)
  const said = wordsIn(error, deepest)
  if (said !== null) return said.slice(0, longest)
  return typeof error !== 'object' || error === null || isEmpty(error, deepest) ? null : asJson(error)
}

/** Whether there is nothing but empty texts, lists and objects. */
function isEmpty(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return words(value) === null
  if (typeof value !== 'object' || value === null) return value == null
  return depth > 0 && Object.values(value).every((member) => isEmpty(member, depth - 1))
}

function asJson(error: object): string | null {
  try {
    return JSON.stringify(error).slice(0, longestJson)
  } catch {
    // nested deeper than the stack allows
    return null
  }
}

/** The object of an error that has its code and type. */
export function errorIn(json: unknown): unknown {
  const first = Array.isArray(json) ? (json as unknown[])[0] : json
  return memberOf(first, 'error') ?? listAt(first, 'errors')[0] ?? first
}

function wordsIn(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return words(value)
  if (depth === 0 || typeof value !== 'object' || value === null) return null
  if (Array.isArray(value)) {
    const parts = value.slice(0, mostParts).map((part) => wordsIn(part, depth - 1))
    const said = [...new Set(parts.filter((part) => part !== null))]
    return said.length === 0 ? null : said.join('; ')
  }
  for (const name of wordy) {
    const said = wordsIn(memberOf(value, name), depth - 1)
    if (said !== null) return `${placeIn(value)}${said}${behind(value, depth)}`
  }
  return null
}

/** FastAPI says where: `loc: ["body", "stream_options"]`. */
function placeIn(value: unknown): string {
  const steps = listAt(value, 'loc').filter((step) => typeof step === 'string' || typeof step === 'number')
  return steps.length === 0 ? '' : `${words(steps.join('.')) ?? ''}: `
}

/** A gateway (OpenRouter) says that a provider failed, and beside it what that one said. */
function behind(value: unknown, depth: number): string {
  const raw = textAt(value, 'metadata', 'raw')
  if (raw === null) return ''
  let inner: unknown = raw
  try {
    inner = JSON.parse(raw)
  } catch {
    // plain text
  }
  const said = wordsIn(inner, depth - 1)
  return said === null ? '' : `: ${said}`
}

/** Line ends stay: they tell the lines of a stack apart, which are taken out later. */
function words(text: string): string | null {
  const said = text
    .slice(0, longest)
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
  return said === '' ? null : said
}
