/** Older spellings -> schemas that mean the same to later drafts. */
import t from 'tap'
import { compileSchema } from '../../src/schema/compile.js'
import { mended } from '../../src/schema/mend.js'
import { parse } from '../openai/parse.js'

await t.test("draft-04's exclusive limits", async (t) => {
  const number = { type: 'number', minimum: 1, exclusiveMinimum: true, maximum: 3, exclusiveMaximum: false }
  t.strictSame(mended({ properties: { a: number } }), { properties: { a: { type: 'number', exclusiveMinimum: 1, maximum: 3 } } })
  t.strictSame(mended({ exclusiveMaximum: true }), {}, 'a limit that is not there')
  t.strictSame(mended({ exclusiveMinimum: 1 }), { exclusiveMinimum: 1 }, "a later draft's")
  const schema = { type: 'object', properties: { a: number } }
  const isValid = compileSchema(schema)
  t.strictSame([isValid({ a: 1 }), isValid({ a: 2 }), isValid({ a: 3 })], [false, true, true])
  const { run } = parse({
    model: 'sonnet',
    question: 'x',
    tools: [{ type: 'function', function: { name: 'f', parameters: schema } }],
  })
  t.strictSame(run.tools?.[0]?.parameters, {
    type: 'object',
    properties: { a: { type: 'number', exclusiveMinimum: 1, maximum: 3 } },
  })
})

await t.test('pointers lead into a schema that may be null and has no type', async (t) => {
  const a = { nullable: true, properties: { b: { type: 'string' } }, enum: [{ b: 'x' }] }
  t.strictSame(mended(a), { properties: a.properties, anyOf: [{ enum: a.enum }, { type: 'null' }] })
  t.strictSame(mended({ nullable: true, items: {} }), { items: {} }, 'nothing here refuses null')
  const isValid = compileSchema({ properties: { a, c: { $ref: '#/properties/a/properties/b' } } })
  t.strictSame(
    [{ a: null }, { a: { b: 'x' } }, { a: { b: 'y' } }, { a: 1 }, { c: 'x' }, { c: 1 }].map((value) => isValid(value)),
    [true, true, false, false, true, false],
  )
})
