/** The scan says of any split of the bytes what the parsed value says. */
import t from 'tap'
import { type JsonLimits, JsonScan } from '../../src/http/json-scan.js'

function scanned(text: string, given: Partial<JsonLimits>, pieceBytes = text.length): string | null {
  const bytes = Buffer.from(text)
  const scan = new JsonScan({ depth: 99, values: 1e6, members: 1e6, names: 1e6, ...given })
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const found = scan.push(bytes.subarray(at, at + pieceBytes))
    if (found !== null) return found
  }
  return null
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

const texts = [
  '[]',
  '{"a":[1,{"b":[[]]}]}',
  '{"[[[[":"]]]]","x":"{{{{\\"[[[\\\\"}',
  '["\\\\\\\\","\\"[","\\\\\\"[",["[\\u005b"]]',
  '"[[[[[["',
  '["é[","𝄞{",[[[]]]]',
  ' [ { "a" : [ ] } ] ',
]

await t.test('depth, however the bytes are split', async (t) => {
  for (const text of texts) {
    const depth = depthOf(JSON.parse(text))
    for (const piece of [1, 2, 3, 7, 1000]) {
      t.equal(scanned(text, { depth, values: 1e6 }, piece), null, `${text} in pieces of ${piece}`)
      if (depth > 0) t.equal(scanned(text, { depth: depth - 1, values: 1e6 }, piece), 'depth', `${text} in pieces of ${piece}`)
    }
  }
})

await t.test('values', async (t) => {
  t.equal(scanned('[0,0,0]', { depth: 9, values: 3 }), null)
  t.equal(scanned('[0,0,0,0]', { depth: 9, values: 3 }), 'values')
  t.equal(scanned('{"a":{},"b":{}}', { depth: 9, values: 3 }), 'values')
  t.equal(scanned('["a,b,c,d,e,f"]', { depth: 9, values: 3 }), null, 'commas in strings are none')
})

await t.test('names that differ, in all objects together', async (t) => {
  const names = 3
  for (const piece of [1, 2, 5, 1000]) {
    t.equal(scanned('[{"a":"x","b":["y","z"],"c":1},{"c":"v","b":{"a":"w"}}]', { names }, piece), null, 'the same again, values and items')
    t.equal(scanned('[{"a":1,"b":2},{"c":{"d":1}}]', { names }, piece), 'names')
    t.equal(scanned('[{"a":1},{"\\"":1},{"b":1},{"\\"}{":1}]', { names }, piece), 'names', 'names with escapes')
    t.equal(scanned('{"a":[{"b":{"c":["d","e",{"a":["f"]}]}},"g"]}', { names }, piece), null, 'strings in arrays')
    t.equal(scanned(' { "a" : "b" , "c" : "d" , "e" : "f" } ', { names }, piece), null, 'with spaces')
  }
})

await t.test('members of one object', async (t) => {
  const members = 3
  for (const piece of [1, 2, 5, 1000]) {
    t.equal(scanned('{"a":1,"b":[1,2,3,4,5],"c":{"d":1,"e":2,"f":"x,y,z,{"}}', { members }, piece), null)
    t.equal(scanned('{"a":1,"b":[1,2],"c":{},"d":4}', { members }, piece), 'members')
    t.equal(scanned('[[{"a":{"a":1,"b":2,"c":3,"d":4}}]]', { members }, piece), 'members')
    t.equal(scanned('[{"a":1,"b":2},{"a":1,"b":2},{"a":1,"b":2}]', { members }, piece), null, 'each by itself')
    t.equal(scanned(']]]]}},,,,,,,', { members }, piece), null, 'what is no JSON is left to the parser')
  }
})

await t.test('a bomb is seen with its first bytes', async (t) => {
  const scan = new JsonScan({ depth: 500, values: 1e6, members: 1e6, names: 1e6 })
  t.equal(scan.push(Buffer.from('['.repeat(501))), 'depth')
  const values = new JsonScan({ depth: 500, values: 1e6, members: 1e6, names: 1e6 })
  let pieces = 0
  while (values.push(Buffer.from('0,'.repeat(32_768))) === null) pieces++
  t.ok(pieces < 40, `${pieces} pieces of 64 KiB`)
})
