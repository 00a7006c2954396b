/** Schemas of answers that the CLI, as they stand, would drop without a word: the model gets them, and the answer is held against them. */
import t from 'tap'
import { ask, startBridge } from '../helper.js'
import { contains, message, structuredOutput } from '../standin/index.js'

type Schema = Record<string, unknown>

const bridge = await startBridge(t)
const { standin } = bridge

const text = { type: 'string' }
const object = (properties: Schema, more: Schema = {}) => ({ type: 'object', properties, ...more })
const array = (more: Schema) => object({ a: { type: 'array', ...more } })

/** A schema, an answer that satisfies it, and one that does not. */
const cases: [name: string, schema: Schema, right: object, wrong?: object][] = [
  [
    'a reference into a branch of the root',
    { type: 'object', anyOf: [object({ a: text }), object({ b: { $ref: '#/anyOf/0/properties/a' } })] },
    { b: 'x' },
  ],
  [
    'a reference into a tuple',
    object({ a: { type: 'array', prefixItems: [text] }, b: { $ref: '#/properties/a/prefixItems/0' } }),
    { b: 'x' },
    { b: 1 },
  ],
  ['an anchor', object({ b: { $ref: '#name' } }, { $defs: { x: { $anchor: 'name', ...text } } }), { b: 'x' }, { b: 1 }],
  ['a reference to a member of their own', object({ b: { $ref: '#/x-own/a' } }, { 'x-own': { a: text } }), { b: 'x' }, { b: 1 }],
  ['the schema of a draft', object({ b: { $ref: 'https://json-schema.org/draft/2020-12/schema' } }), { b: { type: 'object' } }, { b: 1 }],
  ['a tuple and nothing more', array({ prefixItems: [text, { type: 'number' }], items: false }), { a: ['x', 1] }, { a: ['x', 1, 1] }],
  ['a tuple and more', array({ prefixItems: [text], items: { type: 'number' } }), { a: ['x', 1] }, { a: ['x', 'y'] }],
  ['a tuple of draft-07', array({ items: [text, { type: 'number' }] }), { a: ['x', 1, true] }, { a: ['x', 'y'] }],
  ['a pattern in a tuple', array({ prefixItems: [{ ...text, pattern: '^x' }] }), { a: ['x'] }, { a: ['y'] }],
  ['more members of no tuple', array({ items: text, additionalItems: false }), { a: ['x'] }, { a: [1] }],
  ['more members of no list', array({ additionalItems: true }), { a: [1] }],
  ['then without if', object({ b: text }, { then: { required: ['c'] } }), { b: 'x' }],
  ['if and nothing else', object({ b: text }, { if: { required: ['c'] } }), { b: 'x' }],
  ['a value twice', object({ b: { enum: ['x', 'y', 'x', { p: 1, q: 2 }, { q: 2, p: 1 }] } }), { b: 'y' }, { b: 'z' }],
  [
    'a property that a pattern matches',
    object({ foo: text }, { patternProperties: { '^f': text }, additionalProperties: false }),
    { foo: 'x', far: 'y' },
    { foo: 'x', far: 1 },
  ],
  [
    'a pattern that is not told',
    object({ b: text }, { patternProperties: { '^[a-c]$': text }, additionalProperties: false }),
    { b: 'x', c: 'y' },
    { b: 'x', d: 'y' },
  ],
  [
    'a prefix beside properties',
    object({ b: text }, { patternProperties: { '^x-': text }, additionalProperties: false }),
    { b: 'x', 'x-y': 'z' },
    { b: 'x', y: 'z' },
  ],
  ['the name of a draft', object({ b: text }, { $id: 'http://json-schema.org/draft-07/schema#' }), { b: 'x' }],
  ['what a property needs', object({ b: text, c: text }, { dependentRequired: { b: ['c'] } }), { b: 'x', c: 'y' }, { b: 'x' }],
  [
    'what a property needs, as a schema',
    object({ b: text }, { dependentSchemas: { b: { required: ['c'] } } }),
    { b: 'x', c: 'y' },
    { b: 'x' },
  ],
]

for (const [index, [name, schema, right, wrong]] of cases.entries()) {
  await t.test(name, async (t) => {
    const outcome = async (marker: string, answer: object) => {
      standin.when(marker, message(structuredOutput(answer)))
      const response = await bridge.post(
        '/v1/chat/completions',
        ask(marker, { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }),
      )
      return { status: response.status, body: (await response.json()) as { choices?: { message: { content: string } }[] } }
    }
    const { status, body } = await outcome(`S-right-${index}.`, right)
    t.equal(status, 200)
    t.strictSame(JSON.parse(body.choices?.[0]?.message.content ?? 'null'), right)
    const [call] = standin.calls.filter((one) => contains(one, `S-right-${index}.`))
    t.ok(
      call!.body.tools?.some((tool) => tool.name === 'StructuredOutput'),
      'the model is told the schema',
    )
    if (wrong === undefined) return
    const refused = await outcome(`S-wrong-${index}.`, wrong)
    t.equal(refused.status, 502)
    t.match(refused.body, { error: { code: 'output_not_valid' } })
  })
}
