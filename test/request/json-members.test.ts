import t from 'tap'
import { listWith, membersOf, objectText } from '../../src/request/json-members.js'

await t.test('members as they were written', (t) => {
  const cases: [string, [string, string][]][] = [
    ['{}', []],
    [' { } ', []],
    ['{"a":1}', [['a', '1']]],
    [
      '\uFEFF{ "a" : 1.0 , "b":\n[ 1e400, {"c": "}"} ]\t}\n',
      [
        ['a', '1.0'],
        ['b', '[ 1e400, {"c": "}"} ]'],
      ],
    ],
    [
      '{"a\\"b":"x\\\\","c":"\\\\\\"","d,}":null}',
      [
        ['a"b', '"x\\\\"'],
        ['c', '"\\\\\\""'],
        ['d,}', 'null'],
      ],
    ],
    [
      '{"a":{},"b":[],"c":"","d":true}',
      [
        ['a', '{}'],
        ['b', '[]'],
        ['c', '""'],
        ['d', 'true'],
      ],
    ],
    ['{"a":1,"\\u0061":2}', [['a', '2']]],
    [
      '{"":{"":[[]]},"__proto__":-0}',
      [
        ['', '{"":[[]]}'],
        ['__proto__', '-0'],
      ],
    ],
  ]
  for (const [text, expected] of cases) {
    const members = membersOf(text)
    t.strictSame([...members], expected, text)
    t.strictSame(JSON.parse(objectText(members)), JSON.parse(text.replace('\uFEFF', '')), text)
  }
  t.end()
})

await t.test('lists that go on', (t) => {
  t.equal(listWith('[1.0]', []), '[1.0]')
  t.equal(listWith(' [ 1.0 , 2 ] ', ['x', { a: 1 }]), '[ 1.0 , 2 ,"x",{"a":1}]')
  t.equal(listWith('[ ]', [1]), '[1]')
  t.end()
})

await t.test('a long text takes as long as it is', (t) => {
  const text = `{"a":"${'\\\\'.repeat(1_000_000)}","b":"${'\\"'.repeat(1_000_000)}","c":[${'[],'.repeat(1_000_000)}1]}`
  const began = performance.now()
  t.strictSame([...membersOf(text).keys()], ['a', 'b', 'c'])
  t.ok(performance.now() - began < 2000)
  t.end()
})
