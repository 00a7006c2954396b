/** What the model's API got of a process that was asked again, against what a process of its own sends for the same question. */
import { bytes, headersOf, withoutFolder, withoutNotes, withoutThoughts } from '../../claude/reuse-bodies.js'
import type { RecordedRequest } from '../../standin/index.js'
import type { Expected } from './processes.js'
import type { Login } from './scene.js'

/** Findings; empty where the two are equal but for what is expected. */
export function compare(live: RecordedRequest, alone: RecordedRequest, { way, thoughts, dated, turns }: Expected, login: Login): string[] {
  const found: string[] = []
  const equal = (what: string, one: unknown, other: unknown) => {
    const [text, otherText] = [JSON.stringify(one), JSON.stringify(other)]
    if (text !== otherText) found.push(`${what}: ${difference(text, otherText)}`)
  }
  if (way === 'new' || way === 'nothing') {
    equal('headers', headersOf(live), headersOf(alone))
    equal('body', withoutFolder(bytes(live)), withoutFolder(bytes(alone)))
    return found
  }
  equal('headers', withoutLength(live), withoutLength(alone))
  for (const member of ['system', 'tools'] as const) equal(member, live.body[member], alone.body[member])
  const [had, hadAlone] = [withoutThoughts(live), withoutThoughts(alone)]
  equal('answers with thoughts', had.thoughts, thoughts)
  equal('answers with thoughts, alone', hadAlone.thoughts.includes(true), false)
  if (login === 'key') equal('body', bytes(had.request), bytes(hadAlone.request))
  else {
    const [noted, notedAlone] = [withoutNotes(had.request), withoutNotes(hadAlone.request)]
    equal('turn with the date', noted.dates, [dated])
    equal('turn with the date, alone', notedAlone.dates, [turns - 1])
    equal('marks of the cache', noted.marks, notedAlone.marks)
    equal('body', noted.body, notedAlone.body)
  }
  return found
}

/** It changes with the thoughts and with the place of the notes. */
function withoutLength(request: RecordedRequest): Record<string, unknown> {
  return { ...headersOf(request), 'content-length': null }
}

/** Where two texts go apart, with some of both. */
function difference(one: string, other: string): string {
  let at = 0
  while (at < one.length && one[at] === other[at]) at += 1
  const part = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 80), at + 200))
  return `at ${at}: ${part(one)} and alone ${part(other)}`
}
