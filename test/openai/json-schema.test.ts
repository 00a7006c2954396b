/** Schemas of tools: refused in the words in which Ajv would refuse to compile them, and never compiled. */
import t from 'tap'
import { schemaProblem } from '../../src/schema/json-schema.js'
import { compileOutput } from '../../src/schema/output-check.js'

type Schema = Record<string, unknown>

/** What compiling says. */
function compiled(schema: Schema): string | null {
  try {
    compileOutput(schema)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

const withMember = (a: unknown): Schema => ({ type: 'object', properties: { a } })
const older = 'http://json-schema.org/draft-07/schema#'

const members: unknown[] = [
  ...[1, 'x', null, [], true, false, {}],
  ...[{ type: 'nonsense' }, { type: ['string', 1] }, { type: [] }, { title: 1, type: 'bad' }, { description: 3 }, { format: 3 }],
  ...[{ format: 'unknown' }, { pattern: '(' }, { pattern: '[' }, { patternProperties: { '(': {} } }, { propertyNames: { pattern: '[' } }],
  ...[{ $ref: '#/$defs/none' }, { $ref: 'http://x.example/y' }, { $ref: 'foo.json' }, { $ref: '#foo' }, { $ref: 3 }, { $ref: '#' }],
  ...[{ enum: [] }, { id: 'x' }, { nullable: true }, { type: 'null', nullable: false }, { type: 'string', nullable: true }],
  ...[{ minLength: -1 }, { minLength: 1.5 }, { multipleOf: 0 }, { required: 'x' }, { required: ['a', 'a'] }, { required: [1] }],
  ...[{ items: [{}] }, { items: { type: 'x' } }, { prefixItems: [] }, { prefixItems: [{ type: 3 }] }, { contains: 3 }],
  ...[{ allOf: [] }, { anyOf: [{ type: 'q' }] }, { not: {} }, { if: { type: 'string' }, then: { $ref: '#/x' } }, { then: { $ref: '#/x' } }],
  ...[{ dependencies: { a: ['b'], c: { type: 'z' } } }, { dependencies: { a: 3 } }, { dependentRequired: { a: [1] } }],
  ...[{ $defs: { a: { $ref: '#/nope' } } }, { $defs: { a: { type: 'nope' } } }, { definitions: { a: { type: 'nope' } } }],
  ...[
    { additionalProperties: 'no' },
    { unevaluatedProperties: 3 },
    { exclusiveMinimum: true, minimum: 0 },
    { uniqueItems: 'x', minItems: 'y' },
  ],
  ...[
    { const: { $ref: '#/x' } },
    { default: { $ref: '#/x' }, enum: [{ $ref: '#/y' }] },
    { examples: 1 },
    { deprecated: 1 },
    { $comment: 1 },
  ],
  ...[
    { $anchor: 'foo', properties: { x: { $ref: '#foo' } } },
    { $anchor: '1' },
    { $dynamicRef: '#meta' },
    { $dynamicRef: 'foo' },
    { $id: '#foo' },
  ],
  ...[
    { properties: { x: { type: 'bad' }, y: 3 } },
    { 'x-own': { $ref: '#/nope' } },
    { contentSchema: { type: 'x' } },
    { $recursiveRef: '#' },
  ],
  ...[{ $ref: 'https://json-schema.org/draft/2020-12/schema' }, { $ref: 'http://json-schema.org/draft-07/schema#' }],
]
const wholes: Schema[] = [
  { type: 'object', properties: { 'b/c': { type: 'string' }, a: { $ref: '#/properties/b~1c' } } },
  { ...withMember({ $ref: '#/$defs/q%20r' }), $defs: { 'q r': { type: 'string' } } },
  { ...withMember({ $ref: '#/definitions/q' }), definitions: { q: { $ref: '#/definitions/r' } } },
  { $id: 'https://x.example/s.json', ...withMember({ $ref: '#/nope' }) },
  { $id: 'https://x.example/s.json', ...withMember({ $ref: 'https://x.example/s.json#/$defs/b' }), $defs: { b: {} } },
]

/** Without the place, of which Ajv says nothing. */
const words = (schema: Schema) => schemaProblem(schema)?.replace(/ \(at [^)]*\)$/, '') ?? null

await t.test('the words are those of Ajv', async (t) => {
  for (const schema of [...members.map(withMember), ...wholes]) t.equal(words(schema), compiled(schema), JSON.stringify(schema))
  // `items` as a list, `prefixItems` as nothing
  for (const member of [
    { type: 'bad' },
    { items: [{ type: 'x' }] },
    { prefixItems: 3 },
    { additionalItems: 3 },
    { pattern: '(' },
    { $ref: '#/no' },
  ]) {
    const schema = { $schema: older, ...withMember(member) }
    t.equal(words(schema), compiled(schema), `draft-07 ${JSON.stringify(member)}`)
  }
})

await t.test('the place is named', async (t) => {
  t.match(schemaProblem(withMember({ items: { pattern: '(' } })), /\(at properties\/a\/items\)$/)
  t.match(schemaProblem(withMember({ anyOf: [{}, { $ref: '#/$defs/none' }] })), /none.*\(at properties\/a\/anyOf\/1\)$/)
  t.match(schemaProblem({ type: 'object', pattern: '[' }), /\(at the root\)$/)
})

await t.test('what generators write and the API accepts', async (t) => {
  for (const member of [
    { pattern: '^https\\:\\/\\/' },
    { pattern: '(?i)^x' },
    { pattern: '(?P<year>\\d+)\\Z' },
    { patternProperties: { '^\\-': {} } },
    { nullable: true, anyOf: [{ type: 'string' }] },
    { nullable: true, oneOf: [{ type: 'string' }] },
    { nullable: true, enum: ['a'] },
    { nullable: false, $ref: '#' },
    { id: 'http://example.com/x', type: 'string' },
    { enum: [] },
  ]) {
    t.equal(schemaProblem(withMember(member)), null, JSON.stringify(member))
    t.equal(compiled(withMember(member)), null, JSON.stringify(member))
  }
})

await t.test('a reference that leads to itself', async (t) => {
  t.match(schemaProblem(withMember({ $ref: '#/properties/a' })), /leads to itself/)
  const $defs = { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/c' }, c: { $ref: '#/$defs/a' } }
  t.match(schemaProblem({ ...withMember({ $ref: '#/$defs/a' }), $defs }), /leads to itself/)
  const tree = { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/$defs/tree' } } } }
  t.equal(schemaProblem({ ...withMember({ $ref: '#/$defs/tree' }), $defs: { tree } }), null, 'one that goes on is none')
})

await t.test('limits', async (t) => {
  const many = (count: number, member: (index: number) => unknown) =>
    withMember({ properties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, member(index)])) })
  const deep = (levels: number) => {
    let schema: Schema = {}
    for (let level = 0; level < levels; level++) schema = { not: schema }
    return withMember(schema)
  }
  t.equal(schemaProblem(deep(90)), null)
  t.match(schemaProblem(deep(110)), /nested deeper than 100 levels/)
  t.equal(schemaProblem(many(9000, () => ({ type: 'string' }))), null)
  t.match(schemaProblem(many(11_000, () => ({ type: 'string' }))), /more than 20000 members/)
  t.equal(schemaProblem(many(1900, () => ({ $ref: '#' }))), null)
  t.match(schemaProblem(many(2100, () => ({ $ref: '#' }))), /more than 2000 references/)
  t.match(schemaProblem(withMember({ $ref: `#/${'x'.repeat(2000)}` })), /more than 2000 characters/)
  t.match(schemaProblem(withMember({ pattern: 'a'.repeat(10_001) })), /a pattern has more than 10000 characters/)
  t.match(schemaProblem(withMember({ patternProperties: { ['a'.repeat(10_001)]: {} } })), /a pattern has more than 10000 characters/)
  t.match(schemaProblem(many(11, () => ({ pattern: 'a'.repeat(10_000) }))), /more than 100000 characters together/)
  const totals = { members: 0, patterns: 0 }
  const found = Array.from({ length: 5 }, () =>
    schemaProblem(
      many(9000, () => ({ type: 'string' })),
      totals,
    ),
  )
  t.match(found, [null, null, null, /more than 60000 members together/])
})

await t.test('the time is in proportion to the size', async (t) => {
  // compiling these took a minute and 1.5 GB
  const members = <T>(count: number, make: (index: number) => [string, T]) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => make(index)))
  const $defs = { a: { type: 'object', properties: members(300, (index) => [`p${index}`, { type: 'string', maxLength: index }]) } }
  const from = performance.now()
  t.equal(schemaProblem({ type: 'object', $defs, properties: members(1900, (index) => [`q${index}`, { $ref: '#/$defs/a' }]) }), null)
  const chain = members(1000, (index) => [
    `d${index}`,
    index === 0 ? {} : { allOf: [{ $ref: `#/$defs/d${index - 1}` }, { $ref: `#/$defs/d${index - 1}` }] },
  ])
  t.equal(schemaProblem({ ...withMember({ $ref: '#/$defs/d999' }), $defs: chain }), null)
  t.ok(performance.now() - from < 5000, `it took ${Math.round(performance.now() - from)} ms`)
})
