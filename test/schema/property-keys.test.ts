/** Keys of properties that the model's API does not take. */
import { Ajv2020 as Ajv } from 'ajv/dist/2020.js'
import t from 'tap'
import { KeyRenamer } from '../../src/schema/key-renamer.js'
import { keyNamesOf, renamed, withNames } from '../../src/schema/property-keys.js'

const schema = {
  type: 'object',
  properties: {
    $top: { type: 'integer' },
    'filter[id]': { type: 'string', enum: ['a', 'b'] },
    größe: { $ref: '#/$defs/size' },
    名前: { type: 'object', properties: { 'a b': { type: 'string' }, 'a-b': { type: 'string' } }, required: ['a b'] },
    'x/y~z': { type: 'array', items: { type: 'object', properties: { 'in side': { const: { 'k k': 1 } }, '': {} } } },
    plain: { $ref: '#/properties/x~1y~0z' },
    again: { $ref: '#/properties/gr%C3%B6%C3%9Fe' },
    [`long${'g'.repeat(80)}`]: { type: 'null' },
    'not here': false,
  },
  patternProperties: { '^gr': { minimum: 3 }, '^x-': { type: 'string' } },
  required: ['$top', 'plain'],
  dependentRequired: { $top: ['filter[id]'] },
  dependentSchemas: { größe: { required: ['名前'] } },
  $defs: { size: { type: 'integer', maximum: 9 }, 'odd name': { properties: { 'x y': {} } } },
  additionalProperties: false,
}

const names = keyNamesOf(schema)!
const told = withNames(schema, names.toModel)

await t.test('what the model is told', async (t) => {
  const keys = new Set<string>()
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { properties, required, dependentRequired } = value as Record<string, object>
    for (const key of Object.keys(properties ?? {})) keys.add(key)
    if (Array.isArray(required)) for (const key of required as string[]) keys.add(key)
    for (const key of Object.keys(dependentRequired ?? {})) keys.add(key)
    Object.values(value).forEach(walk)
  }
  walk(told)
  for (const key of keys) t.match(key, /^[a-zA-Z0-9_.-]{1,64}$/, key)
  t.ok(keys.has('a-b') && keys.has('plain'), 'a key that is taken stays')
  t.equal(new Set(names.toModel.values()).size, names.toModel.size, 'no two become one')
  t.equal(keyNamesOf({ type: 'object', properties: { a: {}, 'b.c-d_e': {} } }), null)
})

await t.test('it allows and refuses the same', async (t) => {
  const ajv = new Ajv({ strict: false, allErrors: true })
  const [own, models] = [ajv.compile(schema), ajv.compile(told)]
  const base = { $top: 1, 'filter[id]': 'a', plain: [] }
  const cases: [object, boolean][] = [
    [base, true],
    [{ ...base, größe: 5, 名前: { 'a b': 'x' } }, true],
    [{ ...base, größe: 5 }, false],
    [{ ...base, größe: 10, 名前: { 'a b': 'x' } }, false],
    [{ ...base, 名前: { 'a-b': 'x' } }, false],
    [{ ...base, 'x/y~z': [{ 'in side': { 'k k': 1 } }] }, true],
    [{ ...base, 'x/y~z': [{ 'in side': { 'k k': 2 } }] }, false],
    [{ ...base, plain: [{ 'in side': { 'k k': 2 } }] }, false],
    [{ ...base, again: 10 }, false],
    [{ $top: 1, plain: [] }, false],
    [{ ...base, 'filter[id]': 'c' }, false],
    [{ ...base, 'not here': 1 }, false],
    [{ ...base, 'x-other': 'y' }, true],
    [{ ...base, other: 'y' }, false],
  ]
  for (const [value, ok] of cases) {
    t.equal(own(value), ok, JSON.stringify(value))
    t.equal(models(renamed(value, names.toModel)), ok, `for the model: ${JSON.stringify(value)}`)
    t.strictSame(renamed(renamed(value, names.toModel), names.toClient), value, 'and back')
  }
})

await t.test("what is the client's is not run, and not multiplied", async (t) => {
  let deep: Record<string, unknown> = { type: 'object' }
  for (let depth = 0; depth < 12; depth++) {
    const properties = Object.fromEntries(['$0', '$1', '$2', '$3', '$4', '$5'].map((key) => [key, true]))
    deep = { type: 'object', properties, patternProperties: { '.': deep } }
  }
  t.ok(JSON.stringify(withNames(deep, keyNamesOf(deep)!.toModel)).length < 10_000)
  const slow = { properties: { [`${'a'.repeat(40)}!`]: {} }, patternProperties: { '^(a+)+$': {} } }
  t.ok(withNames(slow, keyNamesOf(slow)!.toModel), 'a pattern that never ends')
  const listed = { properties: { größe: {} }, propertyNames: { const: 'größe' } }
  const own = keyNamesOf(listed)!
  t.strictSame(withNames(listed, own.toModel)['propertyNames'], { const: own.toModel.get('größe') })
})

await t.test('keys that meet', async (t) => {
  const first = keyNamesOf({ properties: { 'a b': {} } })!.toModel.get('a b')!
  const both = keyNamesOf({ properties: { 'a b': {}, [first]: {}, a_b: {}, 'a\u00a0b': {} } })!
  const all = [both.toModel.get('a b'), both.toModel.get('a\u00a0b'), first, 'a_b']
  t.equal(new Set(all).size, 4, JSON.stringify(all))
})

await t.test('a text in pieces', async (t) => {
  const value = {
    $top: 12345678901234567890n,
    'filter[id]': 'the key "$top": is no key',
    list: [{ größe: [1, '$top', { 'a b': '\\"' }] }, '名前'],
  }
  const numbers = (text: string) => text.replace('"12345678901234567890n"', '12345678901234567890.0')
  const text = (of: unknown) =>
    numbers(JSON.stringify(of, (_key, member: unknown) => (typeof member === 'bigint' ? `${member}n` : member), 1))
  const models = text(renamed(value, names.toModel))
  const escaped = models.replace(`"${names.toModel.get('größe')}"`, (key) => key.replace('_', '\\u005f'))
  for (const written of [models, escaped]) {
    for (const size of [1, 2, 3, 7, 1000]) {
      const keys = new KeyRenamer(names.toClient)
      let out = ''
      for (let at = 0; at < written.length; at += size) out += keys.push(written.slice(at, at + size))
      t.equal(out + keys.end(), text(value), `pieces of ${size}`)
    }
  }
  const broken = new KeyRenamer(names.toClient)
  t.equal(broken.push('{"a": 1, "fil') + broken.end(), '{"a": 1, "fil', 'one that breaks off')
})
