import t from 'tap'
import { isNothing } from '../../src/request/is-nothing.js'

await t.test('nothing', async (t) => {
  const cases: unknown[] = [
    ...[undefined, null, '', [], {}],
    ...[[null], [[]], [{}], { a: null }, { a: undefined }, { a: [] }, { a: {} }, { mcpServers: {} }, { mcpServers: null }],
    // a null says nothing at the lowest level either
    ...[{ a: { b: null } }, { a: [null] }, [[null]]],
  ]
  for (const value of cases) t.equal(isNothing(value), true, JSON.stringify(value))
})

await t.test('something', async (t) => {
  const cases: unknown[] = [
    ...[0, false, true, ' ', 'a', 1],
    ...[[0], [false], [''], { a: '' }, { a: 0 }, { a: null, b: 1 }],
    // no deeper than two containers
    ...[[[[]]], { a: { b: {} } }, { a: [{}] }],
  ]
  for (const value of cases) t.equal(isNothing(value), false, JSON.stringify(value))
})
