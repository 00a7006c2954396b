/** How large a schema is, counted no further than the limits: what is within them is looked through in milliseconds. */

/** Deeper and bigger than any real schema. */
const maxDepth = 100
const maxMembers = 20_000
const maxReferences = 2000
const maxReferenceLength = 2000
const maxPatternLength = 10_000

/** Of all the schemas of a request. */
const maxOfAll = { members: 60_000, patterns: 100_000 }

/** What the schemas of a request have had of {@link maxOfAll} so far. */
export interface SchemaTotals {
  members: number
  /** characters of patterns */
  patterns: number
}

export interface SchemaSize {
  /** some schema in it, other than the whole, has a name of its own (`$id`, `$anchor`) */
  named: boolean
}

interface Count extends SchemaSize {
  members: number
  references: number
  totals: SchemaTotals
  problem: string | null
}

/** The size of a schema, or what is too much of it. `totals` grows by what it has. */
export function sizeOf(schema: object, totals: SchemaTotals): SchemaSize | { problem: string } {
  const count: Count = { members: 0, references: 0, named: false, totals, problem: null }
  add(schema, 0, count)
  return count.problem === null ? { named: count.named } : { problem: count.problem }
}

function add(value: object, depth: number, count: Count): void {
  if (depth >= maxDepth) count.problem ??= tooLarge
  // what JSON has made has no members but its own
  for (const name in value) {
    if (count.problem !== null) return
    if (++count.members > maxMembers) count.problem = tooLarge
    if (++count.totals.members > maxOfAll.members) count.problem ??= tooLargeTogether
    const member = (value as Record<string, unknown>)[name]
    if (typeof member === 'string') addText(name, member, depth, count)
    else if (typeof member === 'object' && member !== null) {
      if (name === 'patternProperties') for (const pattern of Object.keys(member)) addPattern(pattern, count)
      add(member, depth + 1, count)
    }
  }
}

const tooLarge = `nested deeper than ${maxDepth} levels or more than ${maxMembers} members`
const tooLargeTogether = `the schemas of the request have more than ${maxOfAll.members} members together`

function addText(name: string, text: string, depth: number, count: Count): void {
  switch (name) {
    case 'pattern':
      return addPattern(text, count)
    case '$anchor':
    case '$dynamicAnchor':
      count.named = true
      return
    case '$ref':
    case '$dynamicRef':
      if (++count.references > maxReferences) count.problem ??= `it has more than ${maxReferences} references`
      break
    case '$id':
      if (depth > 0) count.named = true
      break
    default:
      return
  }
  if (text.length > maxReferenceLength) count.problem ??= `a ${name} has more than ${maxReferenceLength} characters`
}

/** A class by property (`\p{L}`) takes as long to read as so many characters. */
const classWeight = 50

function addPattern(pattern: string, count: Count): void {
  count.totals.patterns += pattern.length + classWeight * (pattern.match(/\\p/gi)?.length ?? 0)
  if (pattern.length > maxPatternLength) count.problem ??= `a pattern has more than ${maxPatternLength} characters`
  if (count.totals.patterns > maxOfAll.patterns) {
    count.problem ??= `the patterns of the request's schemas have more than ${maxOfAll.patterns} characters together`
  }
}
