import t from 'tap'
import { flatRoot } from '../../src/schema/flat-root.js'
import { wholeTool } from '../../mcp/job/whole-tool.js'

const text = { type: 'string' }

await t.test('a root that is no choice stays as it is', async (t) => {
  const schema = { type: 'object', properties: { a: { anyOf: [text, { type: 'null' }] } }, not: { required: ['b'] } }
  t.strictSame(flatRoot(schema), { schema, rule: null })
})

await t.test('properties of all branches, and what each branch requires', async (t) => {
  const branch = (k: string, key: string) => ({ properties: { k: { const: k }, [key]: text }, required: ['k', key] })
  const oneOf = [branch('x', 'a'), branch('y', 'b')]
  const { schema, rule } = flatRoot({ type: 'object', title: 'T', oneOf })
  t.strictSame(schema, {
    type: 'object',
    title: 'T',
    properties: { k: { anyOf: [{ const: 'x' }, { const: 'y' }] }, a: text, b: text },
    required: ['k'],
  })
  t.match(rule, JSON.stringify({ oneOf }))
})

await t.test('what stands beside the branches stays, and references of branches are followed', async (t) => {
  const A = { allOf: [{ $ref: '#/$defs/B' }], properties: { a: text }, required: ['a'] }
  const given = {
    ...{ type: 'object', properties: { c: text, a: { const: 1 } }, required: ['c'], additionalProperties: false },
    ...{ allOf: [{ $ref: '#/$defs/A' }], anyOf: [{ required: ['a'] }, { required: ['b'] }] },
    $defs: { A, B: { properties: { b: text }, required: ['b'] } },
  }
  const { allOf, anyOf, ...rest } = given
  const { schema, rule } = flatRoot(given)
  t.strictSame(schema, { ...rest, properties: { c: text, a: { const: 1 }, b: text }, required: ['c', 'a', 'b'] })
  t.match(rule, JSON.stringify({ allOf, anyOf }))
})

await t.test('references in a circle end soon', async (t) => {
  const A = { allOf: [{ $ref: '#/$defs/A' }, { $ref: '#/$defs/A' }, { $ref: '#' }], properties: { q: text } }
  const before = performance.now()
  t.match(flatRoot({ type: 'object', allOf: [{ $ref: '#/$defs/A' }], $defs: { A } }).schema['properties'], { q: text })
  t.ok(performance.now() - before < 1000)
})

await t.test('a tool of a server', async (t) => {
  const anyOf = [{ required: ['a'] }, { required: ['b'] }]
  const inputSchema = { type: 'object', properties: { a: text, b: text } }
  const told = wholeTool({ name: 'f', description: 'Does it.', inputSchema: { ...inputSchema, anyOf } })
  t.strictSame(told.inputSchema, inputSchema)
  t.match(told.description, /^Does it\.\n \n.*JSON Schema: \{"anyOf":\[\{"required":\["a"\]\},\{"required":\["b"\]\}\]\}$/)
  t.match(wholeTool({ name: 'f', inputSchema: { ...inputSchema, anyOf } }), { description: /anyOf/ })
})
