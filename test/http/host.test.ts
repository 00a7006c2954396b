import t from 'tap'
import { isLoopbackHost, parseHost } from '../../src/http/host.js'

await t.test('hosts', async (t) => {
  for (const [text, kind, name, port] of [
    ['localhost', 'name', 'localhost', null],
    ['LocalHost:3010', 'name', 'localhost', 3010],
    ['my_machine.example-1.com:0', 'name', 'my_machine.example-1.com', 0],
    ['xn--bcher-kva.example', 'name', 'xn--bcher-kva.example', null],
    ['127.0.0.1:65535', 'ipv4', '127.0.0.1', 65_535],
    ['10.0.0.7', 'ipv4', '10.0.0.7', null],
    ['[::1]', 'ipv6', '::1', null],
    ['[FE80::1]:80', 'ipv6', 'fe80::1', 80],
    ['[::ffff:127.0.0.1]:3010', 'ipv6', '::ffff:127.0.0.1', 3010],
  ] as const) {
    t.strictSame(parseHost(text), { kind, name, port }, text)
  }
})

await t.test('what two parsers could read differently is none', async (t) => {
  const user = ['evil.com@localhost', 'localhost@evil.com', 'user:pass@localhost', '@localhost']
  const ports = [
    'localhost:99999',
    'localhost:',
    'localhost:-1',
    'localhost:80:80',
    'localhost:8o',
    'localhost: 80',
    ':3010',
    '[::1]:99999',
    '[::1]80',
  ]
  const names = [
    '',
    '.',
    'localhost.',
    '.localhost',
    'a..b',
    '-a.b',
    'bücher.example',
    'a b',
    'a,b',
    'localhost/x',
    'localhost#',
    'localhost?',
    'a%41',
    'a\\b',
  ]
  const v4 = [
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.0.0.01',
    '127.0.0.256',
    '127.0.0.1.',
    '1.2.3.4.5',
    '0x7f.0.0.1',
    '127.0.0.0x1',
  ]
  const v6 = ['::1', '[::1', '::1]', '[]', '[::1%25lo]', '[::1%lo]', '[localhost]', '[127.0.0.1]', '[::1].evil.com', '[::g]', 'x[::1]']
  const long = ['a'.repeat(64), `${'a.'.repeat(130)}a`]
  for (const text of [...user, ...ports, ...names, ...v4, ...v6, ...long]) t.equal(parseHost(text), null, JSON.stringify(text))
})

await t.test('a long header takes no time', async (t) => {
  const from = Date.now()
  for (const text of ['a'.repeat(16_000), 'a.'.repeat(8000), '['.repeat(16_000), ':'.repeat(16_000), '-'.repeat(16_000)]) parseHost(text)
  t.ok(Date.now() - from < 500)
})

await t.test('loopback', async (t) => {
  for (const text of ['localhost', 'app.localhost', '127.0.0.1', '127.255.0.3', '[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]']) {
    t.ok(isLoopbackHost(parseHost(text)!), text)
  }
  for (const text of ['evillocalhost', 'localhost.evil.com', '128.0.0.1', '[::2]', '[1::1]', '[::ffff:10.0.0.1]', '127.evil.com']) {
    t.notOk(isLoopbackHost(parseHost(text)!), text)
  }
})
