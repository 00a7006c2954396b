/**
 * Whether a model's text says a word or phrase affirmatively: as whole words, so that INVALID is no VALID, and not right after a
 * negation, so that "not VALID" is none either. A phrase without capitals is found in any case.
 */
export function mentions(text: string, phrase: string): boolean {
  const sensitive = phrase !== phrase.toLowerCase()
  const where = normal(sensitive ? text : text.toLowerCase())
  const what = normal(phrase)
  for (let at = where.indexOf(what); at !== -1; at = where.indexOf(what, at + 1)) {
    const before = where.slice(Math.max(0, at - 40), at)
    const after = where.slice(at + what.length, at + what.length + 2)
    if (!joinedBefore(what, before) && !joinedAfter(what, after) && !negated.test(before)) return true
  }
  return false
}

// up to a few words and an opening quote may be between the negation and what it negates
const negated =
  /(?:^|[^\p{L}\p{N}])(?:not|non|never|no longer|neither|nor|without|cannot|\p{L}+n['’]?t)(?: (?:be|a|an|the|fully|really|completely|entirely|yet|being))* ?["'`*“‘«(]* ?$/iu

function joinedBefore(what: string, before: string): boolean {
  return /^[\p{L}\p{N}_]/u.test(what) && /[\p{L}\p{N}\p{M}_-]$/u.test(before)
}

function joinedAfter(what: string, after: string): boolean {
  return /[\p{L}\p{N}_]$/u.test(what) && /^(?:[\p{L}\p{N}\p{M}_]|-[\p{L}\p{N}])/u.test(after)
}

function normal(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ')
}

/** All strings among the values of a JSON value, at any depth; booleans and numbers as their words. Names of members are none. */
export function stringsOf(value: unknown): string[] {
  const found: string[] = []
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === 'object' && next !== null) for (const member of Object.values(next) as unknown[]) open.push(member)
    else if (typeof next === 'string') found.push(next)
    else if (typeof next === 'number' || typeof next === 'boolean') found.push(String(next))
  }
  return found
}
