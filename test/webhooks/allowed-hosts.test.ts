/** Whom the bridge may call. */
import t from 'tap'
import { isAllowedHost, isTrustedHost, readAllowedHosts } from '../../src/net/allowed-hosts.js'

const list = readAllowedHosts('Example.com, hooks.example.org:8443 ,*.apps.example.net,[::1]:9000,10.0.0.7,localhost,xn--bcher-kva.example')
const allowed = (url: string) => isAllowedHost(new URL(url), list)

await t.test('on the list', async (t) => {
  const urls = [
    ...['https://example.com/', 'http://EXAMPLE.com:1234/x', 'https://hooks.example.org:8443/', 'https://a.apps.example.net/'],
    ...[
      'http://a.b.apps.example.net:81/',
      'http://[::1]:9000/',
      'http://[0:0:0:0:0:0:0:1]:9000/',
      'http://10.0.0.7/',
      'http://0x0a000007/',
    ],
    ...['http://localhost:5/', 'https://bücher.example/'],
  ]
  for (const url of urls) t.equal(allowed(url), true, url)
  t.equal(isAllowedHost(new URL('https://a.example/'), readAllowedHosts('a.example:443')), true, 'the port that a scheme means')
})

await t.test('not on the list', async (t) => {
  const urls = [
    ...['https://example.com.evil.example/', 'https://evilexample.com/', 'https://sub.example.com/', 'https://example.com./'],
    ...['https://hooks.example.org/', 'https://hooks.example.org:8444/', 'https://apps.example.net/', 'https://xapps.example.net/'],
    ...['http://[::1]/', 'http://[::ffff:10.0.0.7]/', 'http://10.0.0.8/', 'http://127.0.0.1/', 'http://a.localhost/'],
  ]
  for (const url of urls) t.equal(allowed(url), false, url)
})

await t.test('private addresses only where they are named themselves', async (t) => {
  for (const host of ['::1', '10.0.0.7', 'localhost']) t.equal(isTrustedHost(host, list), true, host)
  for (const host of ['example.com', 'a.apps.example.net', '127.0.0.1', '10.0.0.8', 'apps.example.net'])
    t.equal(isTrustedHost(host, list), false, host)
})
