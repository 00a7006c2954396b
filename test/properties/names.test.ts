/** Names and keys there and back: what the model says under its names is what the client gets under its own. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { modelName } from '../../src/claude/protocol/tool-names.js'
import { KeyRenamer } from '../../src/schema/key-renamer.js'
import { keyNamesOf, renamed, withNames } from '../../src/schema/property-keys.js'
import { anyPlaces, anyText, asUtf8, holds, piecesOf } from './holds.js'

await t.test('names of tools', (t) => {
  const name = fc.oneof(anyText, fc.string({ unit: fc.constantFrom('a', '.', '_', '-', 'é'), minLength: 1, maxLength: 80 }))
  holds(t, 'are what the API takes, and differ where the client’s do', fc.uniqueArray(name, { maxLength: 12 }), (names) => {
    const tools = names.map((name) => ({ name }))
    const told = names.map((name) => modelName(name, tools))
    return told.every((name) => /^[A-Za-z0-9_-]{1,64}$/.test(name)) && new Set(told).size === names.length
  })
  holds(t, 'are the same in every order', fc.uniqueArray(name, { maxLength: 6 }), (names) => {
    const tools = names.map((name) => ({ name }))
    const others = tools.toReversed()
    return names.every((name) => modelName(name, tools) === modelName(name, others))
  })
  t.end()
})

await t.test('keys of properties', (t) => {
  const key = fc.oneof(anyText, fc.string({ unit: fc.constantFrom('a', '$', '.', '"', '\\', 'é'), maxLength: 70 })).map(asUtf8)
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true }))
  // with `__proto__` a literal of JSON has a member that an object written in code has not
  const members = (value: fc.Arbitrary<unknown>) =>
    fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => Object.fromEntries(entries))
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 4 }), members(tie('value'))),
  }))
  const cases = fc.tuple(fc.uniqueArray(key, { minLength: 1, maxLength: 6 }), value, anyPlaces, fc.constantFrom(0, 2))

  holds(t, 'in the text of a call, at every split', cases, ([keys, value, places, space]) => {
    const schema = { type: 'object', properties: Object.fromEntries(keys.map((key) => [key, {}])) }
    const names = keyNamesOf(schema)
    const told = withNames(schema, names?.toModel ?? new Map<string, string>()) as { properties: object }
    if (!Object.keys(told.properties).every((key) => /^[a-zA-Z0-9_.-]{1,64}$/.test(key))) return false
    if (names === null) return true
    const client = { first: value, ...Object.fromEntries(keys.map((key) => [key, value])) }
    const said = JSON.stringify(renamed(client, names.toModel), null, space)
    const renamer = new KeyRenamer(names.toClient)
    const heard =
      piecesOf(said, places)
        .map((piece) => renamer.push(piece))
        .join('') + renamer.end()
    return heard === JSON.stringify(client, null, space) || isDeepStrictEqual(JSON.parse(heard), JSON.parse(JSON.stringify(client)))
  })
  holds(t, 'a text that names nothing of a schema stays as it is', fc.tuple(value, anyPlaces, anyText), ([value, places, odd]) => {
    const text = JSON.stringify(value)
    const renamer = new KeyRenamer(new Map([[`no key ${odd}`, 'another']]))
    return (
      piecesOf(text, places)
        .map((piece) => renamer.push(piece))
        .join('') +
        renamer.end() ===
      text
    )
  })
  t.end()
})
