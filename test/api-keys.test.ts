/** Names by which keys own their jobs. What is refused at the start is in `config.test.ts`. */
import { createHash } from 'node:crypto'
import t from 'tap'
import { movesFromPlaces, nameOfKey, readApiKeys } from '../src/api-keys.js'

const names = (text: string) => readApiKeys(text, false).map(({ name }) => name)
const [a, b] = ['a-key-of-16-chars', 'b-key-of-16-chars'] as const

await t.test('a key without a name is known by its hash, wherever it stands', async (t) => {
  t.equal(nameOfKey(a), `key_${createHash('sha256').update(a).digest('hex').slice(0, 16)}`)
  t.match(nameOfKey(a), /^[\w.-]{1,64}$/, 'a name like any other')
  t.strictSame(names(`${a},${b}`), [nameOfKey(a), nameOfKey(b)])
  t.strictSame(names(`${b},x:other,${a}`), [nameOfKey(b), 'x', nameOfKey(a)])
  t.strictSame(names(b), [nameOfKey(b)], 'the first one is removed')
  t.strictSame(names(` ${a} , ${b} `), names(`${a},${b}`), 'spaces around an entry are no part of it')
})

await t.test('names that are near to taken ones are free', async (t) => {
  const free = [
    'key',
    'key-',
    'key-0',
    'key-01',
    'key-1a',
    'key_1',
    'key_0123456789abcde',
    'key_0123456789ABCDEF',
    'Anonymous',
    'anonymous-1',
    'a.key-1',
  ]
  t.strictSame(names(free.map((name, index) => `${name}:k${index}`).join(',')), free)
  t.strictSame(names('bob:1,Bob:2'), ['bob', 'Bob'])
})

await t.test('the length counts where other machines reach the server', async (t) => {
  t.throws(() => readApiKeys('k'.repeat(15), true), /entry 1 has fewer than 16/)
  t.throws(() => readApiKeys(`${a},a-long-name-counts-not:${'k'.repeat(15)}`, true), /entry 2 has fewer than 16/)
  t.equal(readApiKeys('k'.repeat(16), true).length, 1)
  t.equal(readApiKeys('k', false).length, 1)
})

await t.test('a move for each entry without a name, from its place', async (t) => {
  t.strictSame(movesFromPlaces(readApiKeys(`${a},ann:key-of-ann,${b}`, false)), [
    { from: 'key-1', to: nameOfKey(a) },
    { from: 'key-3', to: nameOfKey(b) },
  ])
  t.strictSame(movesFromPlaces(readApiKeys('ann:key-of-ann', false)), [])
  t.strictSame(movesFromPlaces([]), [])
})
