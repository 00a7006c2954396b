/**
 * What zod finds wrong with a request -> one error in OpenAI's words: the first issue, the path of the member at fault,
 * what was expected there and what came. Of a value, only its type or its first few characters are shown.
 */
import type { z } from 'zod'
import { BridgeError, type ErrorCode } from './catalogue.js'
import { takenBy } from './number-words.js'
import { list, nameOf, shorten, shown, sizeOf, withArticle } from './value-words.js'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** In the shape of a Fastify validator's answer. */
export type Validated<T> = { value: T; error?: undefined } | { error: BridgeError; value?: undefined }

/** Only the first issue is told, and a body may have a million of them: zod stops at the first member of a list that is wrong. */
const untilFirst = { abortEarly: true } as z.core.ParseContext<Issue>

/** Checks a value against a schema; the error is a 400 with `param`. */
export function validate<T>(schema: z.ZodType<T>, given: unknown): Validated<T> {
  const value = cutMetadata(given)
  const result = schema.safeParse(value, untilFirst)
  return result.success ? { value: result.data } : { error: requestError(result.error.issues, value) }
}

/** One more pair than there may be: of an object's members zod looks at all, whatever it has found. */
const pairsLookedAt = 17

function cutMetadata(value: unknown): unknown {
  const metadata = typeof value === 'object' && value !== null && 'metadata' in value ? value.metadata : undefined
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return value
  const names = Object.keys(metadata)
  if (names.length <= pairsLookedAt) return value
  const pairs = names.slice(0, pairsLookedAt).map((name) => [name, (metadata as Record<string, unknown>)[name]])
  return { ...(value as object), metadata: Object.fromEntries(pairs) as unknown }
}

/** The error of the first issue. `value` is what was checked; the issues do not carry it. */
export function requestError(issues: readonly Issue[], value: unknown): BridgeError {
  const issue = innermost(issues[0]!, value)
  const found = valueAt(value, issue.path)
  if (issue.path.length === 0 && issue.code === 'invalid_type') {
    const got = found === undefined ? 'it is missing' : `it is ${nameOf(found)}`
    return new BridgeError('invalid_type', `The request body must be a JSON object, but ${got}.`)
  }
  const param = toParam(issue.path)
  // at the top level null counts as absent
  if (found === undefined || (found === null && issue.path.length === 1)) {
    return new BridgeError('missing_required_parameter', `Missing required parameter: '${param}'.`, { param })
  }
  if (issue.code === 'unrecognized_keys') {
    const param = toParam([...issue.path, issue.keys[0]!])
    const known = issue.message.startsWith('Unrecognized') ? '' : `: ${issue.message}`
    return new BridgeError('unsupported_parameter', `Unknown parameter: '${param}'${known}.`, { param })
  }
  const [code, message] = describe(issue, param, found, placeOf(issue.path, value))
  return new BridgeError(code, message, param === '' ? {} : { param })
}

/** `['messages', 0, 'content']` -> `messages[0].content` */
export function toParam(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    // a key of the caller's choice (metadata) may be long
    const name = String(key).slice(0, 64)
    return text === '' ? name : `${text}.${name}`
  }, '')
}

/** @param place of which place the known values are, where that differs by more than its path */
function describe(issue: Issue, param: string, found: unknown, place: string): [ErrorCode, string] {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(param, takenBy(issue) ?? (issue.expected === 'int' ? 'an integer' : withArticle(issue.expected)), found)
    case 'invalid_union': {
      if (issue.discriminator === undefined) return wrongType(param, expectedOf(issue.errors), found)
      if (typeof found !== 'string') return wrongType(param, 'a string', found)
      // one that may be left out has null for a value as well
      const known = options(issue).filter((value) => value != null)
      // OpenAI knows more types of parts than there are here, and one set of roles
      const [code, word]: [ErrorCode, string] =
        issue.discriminator === 'type' ? ['unsupported_value', 'Unsupported'] : ['invalid_value', 'Invalid']
      return [code, `${word} value '${shorten(found)}' for '${param}'. Known values${place} are: ${list(known)}.`]
    }
    case 'invalid_value':
      if (typeof found !== typeof issue.values[0]) return wrongType(param, withArticle(typeof issue.values[0]), found)
      return invalid(param, `expected one of ${list(issue.values)}, but got ${shown(found)}`)
    case 'too_small':
      if (issue.origin === 'array' || issue.origin === 'string') return invalid(param, 'it must not be empty')
      return invalid(param, `it must be ${issue.inclusive ? 'at least' : 'over'} ${issue.minimum}, not ${shown(found)}`)
    case 'too_big': {
      const takes = takenBy(issue)
      if (takes !== null) return invalid(param, `expected ${takes}, not ${shown(found)}`)
      const unit = issue.origin === 'array' ? ' items' : issue.origin === 'string' ? ' characters' : ''
      const size = unit === '' ? shown(found) : sizeOf(found)
      return invalid(param, `expected at most ${issue.maximum}${unit}, not ${size}`)
    }
    case 'invalid_format':
    case 'not_multiple_of':
    case 'unrecognized_keys':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return invalid(param, issue.message)
  }
}

/** What a part of a message may be depends on the message's role. */
function placeOf([messages, index, content, part, type, ...more]: Path, value: unknown): string {
  if (messages !== 'messages' || content !== 'content' || part === undefined || type !== 'type' || more.length > 0) return ''
  const role = valueAt(value, [messages, index!, 'role'])
  return typeof role === 'string' ? ` in a message of the role '${shorten(role)}'` : ''
}

/** A union says nothing itself; the branch that was meant does: the one whose outermost type fits what came. */
function innermost(issue: Issue, value: unknown): Issue {
  if (issue.code === 'invalid_key') return { ...issue, message: issue.issues[0]?.message ?? issue.message }
  if (issue.code !== 'invalid_union' || issue.discriminator !== undefined) return issue
  const found = valueAt(value, issue.path)
  const meant = issue.errors.find((branch) => branch[0] !== undefined && !hasOtherType(branch[0], found))
  if (meant === undefined) return issue
  const inner = meant[0]!
  return innermost({ ...inner, path: [...issue.path, ...inner.path] }, value)
}

/** Whether a branch of a union is for values of another type. */
function hasOtherType(issue: Issue, found: unknown): boolean {
  if (issue.path.length > 0) return false
  if (issue.code === 'invalid_value') return typeof found !== typeof issue.values[0]
  if (issue.code === 'invalid_union' && issue.discriminator === undefined) {
    return issue.errors.every((branch) => branch[0] !== undefined && hasOtherType(branch[0], found))
  }
  return issue.code === 'invalid_type'
}

/** All types that a union has. */
function expectedOf(branches: readonly (readonly Issue[])[]): string {
  return [...new Set(branches.flatMap(([first]) => typesOf(first)))].join(' or ')
}

function typesOf(issue: Issue | undefined): string[] {
  if (issue?.code === 'invalid_type') return [takenBy(issue) ?? withArticle(issue.expected)]
  if (issue?.code === 'invalid_value') return [withArticle(typeof issue.values[0])]
  return issue?.code === 'invalid_union' ? issue.errors.flatMap(([first]) => typesOf(first)) : []
}

function options(issue: Issue): readonly unknown[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options : []
}

function wrongType(param: string, expected: string, found: unknown): [ErrorCode, string] {
  return ['invalid_type', `Invalid type for '${param}': expected ${expected}, but got ${cameAs(expected, found)} instead.`]
}

/** Where some number is expected, another one is told as it is. */
function cameAs(expected: string, found: unknown): string {
  return typeof found === 'number' && expected.includes('number') ? String(found) : nameOf(found)
}

function invalid(param: string, why: string): [ErrorCode, string] {
  return ['invalid_value', `Invalid value for '${param}': ${why}.`]
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  )
}
