/** Bodies of model calls, compared. Pure. */
import { isDeepStrictEqual } from 'node:util'
import { objectsIn, textIn } from '../protocol/loose.js'
import type { Call } from './recorder.js'

/** Another with every process: its folder, the ids of device and session, and the day in the CLI's notes. */
function comparable(raw: string): string {
  return raw
    .replace(/"metadata":\{"user_id":"(?:[^"\\]|\\.)*"\}/, '"metadata":{}')
    .replaceAll(/\bjob-[A-Za-z0-9]{6}\b/g, 'job')
    .replaceAll(/\b20\d\d-\d\d-\d\d\b/g, 'today')
}

/** @throws Error that names the members which differ, where two bodies are not the same to the byte */
export function mustBeSame(got: Call | undefined, wanted: Call | undefined, what: string): void {
  if (got === undefined || wanted === undefined) throw new Error(`${what}: a model call is missing`)
  const [a, b] = [comparable(got.raw), comparable(wanted.raw)]
  if (a === b) return
  const [c, d] = [JSON.parse(a) as Record<string, unknown>, JSON.parse(b) as Record<string, unknown>]
  const members = differing(c, d)
  const first = members[0]
  const shown = first === undefined ? 'the order of members' : `${members.join(', ')} (${extract(c[first], d[first])})`
  throw new Error(`${what}: not the body of a new process: ${shown}`)
}

/** The names of the members that are not equal. */
export function differing(a: Record<string, unknown>, b: Record<string, unknown>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => !isDeepStrictEqual(a[name], b[name]))
}

const shownLength = 60

/** Where two values begin to differ. */
function extract(got: unknown, wanted: unknown): string {
  const [a, b] = [JSON.stringify(got) ?? 'nothing', JSON.stringify(wanted) ?? 'nothing']
  let at = 0
  while (at < a.length && a[at] === b[at]) at += 1
  const from = Math.max(0, at - 10)
  return `${a.slice(from, from + shownLength)} instead of ${b.slice(from, from + shownLength)}`
}

/** Texts of `system`, without the two that the CLI always sends: its billing line and the line that says what it is. */
export function promptsIn({ body }: Call): string[] {
  return objectsIn(body['system'])
    .map(({ text }) => textIn(text) ?? '')
    .filter((text) => !/^(x-anthropic-billing-header: |You are a Claude agent, |You are Claude Code, )[^\n]*$/.test(text))
}

/** What either side said, as the API gets it, without cache marks and without the CLI's own notes. */
export function saidIn({ body }: Call): { role: unknown; content: unknown[] }[] {
  return objectsIn(body['messages'])
    .filter(({ role }) => role !== 'system')
    .map(({ role, content }) => ({ role, content: blocksOf(content) }))
}

function blocksOf(content: unknown): unknown[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return objectsIn(content)
    .filter(({ text }) => !(textIn(text) ?? '').startsWith('<system-reminder>'))
    .map((block) => JSON.parse(JSON.stringify(block, (key, value: unknown) => (key === 'cache_control' ? undefined : value))) as unknown)
}

/** The tools of a body by their names. */
export function toolsIn({ body }: Call): Map<unknown, Record<string, unknown>> {
  return new Map(objectsIn(body['tools']).map((tool) => [tool['name'], tool]))
}

/** @throws Error where a value is not what it should be, with where the two begin to differ */
export function mustEqual(got: unknown, wanted: unknown, what: string): void {
  if (!isDeepStrictEqual(got, wanted)) throw new Error(`${what}: ${extract(got, wanted)}`)
}
