import { validateHeaderValue } from 'node:http'
import t from 'tap'
import { headerValue, safeHeaders } from '../../src/http/header-value.js'
import { createIgnored, ignoredHeader } from '../../src/request/ignored.js'

await t.test('every text becomes a value that can be sent', (t) => {
  const cases: [string, string][] = [
    ['claude-sonnet-5-5', 'claude-sonnet-5-5'],
    ['100% plain, "quoted"', '100% plain, "quoted"'],
    ['модель', '%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C'],
    ['a\r\nset-cookie: x', 'a%0D%0Aset-cookie: x'],
    ['\u0000\u007f', '%00%7F'],
    ['😀', '%F0%9F%98%80'],
    ['\ud83d', '%EF%BF%BD'],
    ['', ''],
  ]
  for (const [text, value] of cases) {
    t.equal(headerValue(text), value)
    validateHeaderValue('x-any', headerValue(text))
  }
  for (const text of ['名'.repeat(100_000), 'x'.repeat(100_000), `${'x'.repeat(2044)}名`]) {
    const value = headerValue(text)
    t.ok(value.length <= 2048, `${value.length}`)
    t.doesNotThrow(() => decodeURIComponent(value.replace(/(?:%[0-9A-F]{2})+\.\.\.$/, '')))
    t.match(value, /\.\.\.$/)
  }
  t.strictSame(safeHeaders({ a: 'é', b: 7, c: ['ü', 'x'] }), { a: '%C3%A9', b: 7, c: ['%C3%BC', 'x'] })
  t.end()
})

await t.test('ignored names in another script make a header that clients take', (t) => {
  const ignored = createIgnored()
  for (let index = 0; index < 64; index++) ignored.add(`${index}${'名'.repeat(60)}`)
  const header = ignoredHeader(ignored.names())!
  t.ok(header.length <= 2048)
  const names = header.split(', ').map(decodeURIComponent)
  t.equal(names.at(-1), '…')
  t.ok(
    names.slice(0, -1).every((name) => ignored.names().includes(name)),
    'each name is whole',
  )
  t.end()
})
