import t from 'tap'
import { isAllowedHost, readAllowedHosts } from '../../src/http/host-names.js'

await t.test('who is asked for', async (t) => {
  const isLetIn = (header: string, allowed: string[] = []) => isAllowedHost(header, allowed, 'My-Machine')
  for (const header of [
    'localhost',
    'LOCALHOST:3010',
    'app.localhost',
    '127.0.0.1:3010',
    '192.168.0.1',
    '[fe80::1]:3010',
    'host.docker.internal:3010',
    'host.containers.internal',
    'my-machine:3010',
  ]) {
    t.ok(isLetIn(header), header)
  }
  for (const header of [
    'evil.com',
    'evil.com@localhost',
    'localhost:99999',
    'localhost.',
    '127.1',
    '',
    'my-machine.evil.com',
    'x.host.docker.internal',
    'evillocalhost',
  ]) {
    t.notOk(isLetIn(header), header)
  }
  t.ok(isLetIn('Bridge.Example:443', ['bridge.example']))
  t.notOk(isLetIn('x.bridge.example', ['bridge.example']), 'a name, not what is below it')
})

await t.test('ALLOWED_HOSTS', async (t) => {
  t.strictSame(readAllowedHosts(' Bridge.Example, other '), ['bridge.example', 'other'])
  for (const bad of ['a,,b', '*', '*.example', 'https://bridge.example', 'bridge.example:80', 'a b', 'evil@localhost', ',']) {
    t.throws(() => readAllowedHosts(bad), /host name/, bad)
  }
})
