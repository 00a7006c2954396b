import t from 'tap'
import { flatRoot } from '../../src/schema/flat-root.js'
import { schemaProblem } from '../../src/schema/json-schema.js'
import { withTargets } from '../../src/schema/kept-targets.js'
import { withLaterTuples } from '../../src/schema/tuples.js'

type Schema = Record<string, unknown>

const text = { type: 'string' }
const isKnown = () => true

await t.test('a reference into a choice at the root leads where it led', async (t) => {
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    const branches = [{ properties: { a: text } }, { properties: { b: { $ref: `#/${keyword}/0/properties/a` }, c: { $ref: '#' } } }]
    const { schema } = flatRoot({ type: 'object', [keyword]: branches, $defs: { target_1: {} } })
    t.strictSame(schema['properties'], { a: text, b: { $ref: '#/$defs/target_2' }, c: { $ref: '#' } })
    t.strictSame(schema['$defs'], { target_1: {}, target_2: text })
    t.equal(schemaProblem(schema), null)
  }
})

await t.test('targets may refer to each other and to themselves', async (t) => {
  const anyOf = [
    { properties: { next: { $ref: '#/anyOf/0' }, other: { $ref: '#/anyOf/1' } } },
    { properties: { x: { $ref: '#/anyOf/0' } } },
  ]
  const { schema } = flatRoot({ type: 'object', anyOf })
  const [one, other] = [{ $ref: '#/$defs/target_1' }, { $ref: '#/$defs/target_2' }]
  t.strictSame(schema['properties'], { next: one, other, x: one })
  t.strictSame(schema['$defs'], { target_1: { properties: { next: one, other } }, target_2: { properties: { x: one } } })
})

await t.test('by the name of the whole, by an anchor, and of a truth value', async (t) => {
  const whole = {
    ...{ $id: 'https://x.example/s', gone: { a: true, b: { $anchor: 'name', ...text } } },
    properties: { a: { $ref: 'https://x.example/s#/gone/a' }, b: { $ref: '#name' }, c: { $ref: 'https://y.example/' } },
  }
  const { gone, ...left } = whole
  t.ok(gone)
  const { properties, $defs } = withTargets(left, whole) as Record<string, Schema>
  t.strictSame(properties, { a: { $ref: '#/$defs/target_1' }, b: { $ref: '#/$defs/target_2' }, c: whole.properties.c })
  t.match($defs, { target_1: true, target_2: text })
})

await t.test('what is found by a name of its own, behind a keyword that the copy lacks', async (t) => {
  const inner = { $id: 'https://x.example/inner', type: 'object', properties: { b: { $ref: '#/$defs/s' } }, $defs: { s: text } }
  const copy = (reference: string) => ({ type: 'object', properties: { a: { $ref: reference }, c: { $ref: reference } } })
  for (const reference of ['https://x.example/inner', 'https://x.example/inner#', 'https://x.example/inner#/$defs/s']) {
    const told = withTargets(copy(reference), { ...copy(reference), 'x-lib': { deep: [inner] } })
    t.strictSame(told, { ...copy(reference), $defs: { target_1: inner } }, reference)
    t.equal(schemaProblem(told), null)
  }
  const there = { ...copy(inner.$id), $defs: { inner } }
  t.strictSame(withTargets(there, there), there, 'one that is there is not kept twice')
})

await t.test('what leads nowhere is taken away, and values stay as they are', async (t) => {
  const value = { const: { $ref: '#/no' }, default: { $ref: '#/no' }, enum: [{ $ref: '#/no' }] }
  const schema = { properties: { a: { $ref: '#/no', title: 'T' }, b: { $ref: 'https://y.example/' }, $ref: value } }
  t.strictSame(withTargets(schema, schema, { copy: (target) => target, isKnown: () => false }), {
    properties: { a: { title: 'T' }, b: {}, $ref: value },
  })
  const part = { properties: { a: { $id: 'item', properties: { b: { $ref: '#/c' } } } } }
  t.strictSame(withTargets(part, part, { copy: (target) => target, isKnown }), part, 'a part with a name is its own root')
})

await t.test('tuples of earlier drafts', async (t) => {
  const schema = {
    properties: {
      a: { type: 'array', items: [text, { items: [text] }], additionalItems: false },
      b: { items: text, additionalItems: false },
      c: { $ref: '#/properties/a/items/0' },
      d: { items: [] },
      items: text,
    },
  }
  const later = withLaterTuples(schema)
  t.strictSame(later['properties'], {
    a: { type: 'array', prefixItems: [text, { prefixItems: [text] }], items: false },
    b: { items: text, additionalItems: false },
    c: { $ref: '#/$defs/target_1' },
    d: {},
    items: text,
  })
  t.strictSame(later['$defs'], { target_1: text })
  t.equal(schemaProblem({ type: 'object', ...schema }), null, 'taken without a word on the draft')
})
