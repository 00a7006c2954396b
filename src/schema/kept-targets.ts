/**
 * A copy of a schema may lack places to which its references lead: a choice at the root that was merged, a keyword that was left out. What
 * stood there is kept in `$defs`, and the references lead to it.
 */
import { holding } from './holding.js'
import { resolveReference, rootName } from './references.js'

type Schema = Record<string, unknown>

export interface TargetRules {
  /** what becomes of a target before it is kept */
  copy: (target: Schema) => Schema
  /** whether a reference to another document is known to the reader of the copy */
  isKnown: (reference: string) => boolean
}

const asIs: TargetRules = { copy: (target) => target, isKnown: () => true }

/** `copy`: of `whole`, and no deeper than `size.ts` allows. A reference that leads nowhere in `whole` either is taken away. */
export function withTargets(copy: Schema, whole: Schema, rules = asIs): Schema {
  const keeper = new Keeper(copy, whole, rules)
  const result = keeper.mended(copy, true)
  const { kept } = keeper
  if (kept.size === 0) return result
  return { ...result, $defs: { ...(isObject(result['$defs']) && result['$defs']), ...Object.fromEntries(kept) } }
}

class Keeper {
  /** by their names in `$defs` */
  readonly kept = new Map<string, unknown>()
  private readonly names = new Map<string, string>()

  constructor(
    private readonly copy: Schema,
    private readonly whole: Schema,
    private readonly rules: TargetRules,
  ) {}

  mended(schema: Schema, isRoot = false): Schema {
    // references inside are about this part alone
    if (!isRoot && typeof schema['$id'] === 'string') return schema
    const result: Schema = {}
    for (const [keyword, value] of Object.entries(schema)) {
      if (keyword !== '$ref' || typeof value !== 'string') result[keyword] = this.member(keyword, value)
      else {
        const reference = this.led(value)
        if (reference !== null) result[keyword] = reference
      }
    }
    return result
  }

  private member(keyword: string, value: unknown): unknown {
    const inside = (one: unknown) => (isObject(one) ? this.mended(one) : one)
    const holds = keyword === '$defs' || keyword === 'definitions' ? 'map' : holding.get(keyword)
    if (holds === undefined) return value
    if (Array.isArray(value)) return holds === 'map' ? value : value.map(inside)
    if (holds !== 'map' || !isObject(value)) return inside(value)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inside(one)]))
  }

  /** Null: it leads nowhere. */
  private led(reference: string): string | null {
    const name = rootName(this.whole)
    const local = name !== '' && reference.startsWith(name) ? reference.slice(name.length) : reference
    if (local !== '' && !local.startsWith('#')) {
      if (!this.rules.isKnown(reference)) return null
      this.keepDocument(reference.split('#')[0]!)
      return reference
    }
    if (resolveReference(this.copy, reference, false) !== undefined || hasAnchor(this.copy, local)) return reference
    const found = this.names.get(local)
    if (found !== undefined) return `#/$defs/${found}`
    const target = resolveReference(this.whole, reference, false) ?? anchored(this.whole, local)
    if (!isObject(target) && typeof target !== 'boolean') return null
    const given = this.freeName()
    // before it is looked into: it may refer to itself
    this.names.set(local, given)
    this.kept.set(given, target)
    if (isObject(target)) this.kept.set(given, this.mended(this.rules.copy(target)))
    return `#/$defs/${given}`
  }

  /** A part with a name of its own that stood where the copy has nothing: a reference finds it by that name wherever it is. */
  private keepDocument(id: string): void {
    if (this.names.has(id) || identified(this.copy, id) !== undefined) return
    const part = identified(this.whole, id)
    if (part === undefined) return
    const given = this.freeName()
    this.names.set(id, given)
    this.kept.set(given, this.rules.copy(part))
  }

  private freeName(): string {
    const taken = isObject(this.copy['$defs']) ? this.copy['$defs'] : {}
    let number = this.kept.size + 1
    while (Object.hasOwn(taken, `target_${number}`) || this.kept.has(`target_${number}`)) number += 1
    return `target_${number}`
  }
}

const anchors = ['$anchor', '$dynamicAnchor']

function hasAnchor(schema: Schema, reference: string): boolean {
  return anchored(schema, reference) !== undefined
}

/** The part of a schema that has a name of its own: `#name` leads to it. */
function anchored(schema: Schema, reference: string): Schema | undefined {
  const name = reference.slice(1)
  if (name === '' || name.startsWith('/')) return undefined
  return partOf(schema, (part) => anchors.some((anchor) => part[anchor] === name) || part['$id'] === reference)
}

/** @param id without a fragment */
function identified(schema: Schema, id: string): Schema | undefined {
  return partOf(schema, ({ $id }) => typeof $id === 'string' && $id.split('#')[0] === id)
}

function partOf(schema: Schema, is: (part: Schema) => boolean): Schema | undefined {
  const open: unknown[] = [schema]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (isObject(next) && is(next)) return next
    if (typeof next === 'object' && next !== null) for (const member of Object.values(next) as unknown[]) open.push(member)
  }
  return undefined
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
