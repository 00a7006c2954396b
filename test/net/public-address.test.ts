/** What counts as the public internet. */
import t from 'tap'
import { isPublicAddress } from '../../src/net/public-address.js'

await t.test('public', async (t) => {
  for (const address of ['1.1.1.1', '93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450:4001::1']) {
    t.equal(isPublicAddress(address), true, address)
  }
})

await t.test('not public', async (t) => {
  const addresses = [
    // loopback, unspecified, this network
    ...['127.0.0.1', '127.255.255.254', '0.0.0.0', '0.1.2.3', '::1', '::', '0:0:0:0:0:0:0:1'],
    // private, carrier NAT, link-local and the clouds' metadata services
    ...['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '100.100.100.200', '169.254.169.254'],
    ...['168.63.129.16', '192.0.0.192', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'fc00::1', 'fd00:ec2::254'],
    // multicast, broadcast, reserved, documentation, benchmarking
    ...['224.0.0.1', '239.255.255.255', '255.255.255.255', '240.0.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1'],
    ...['ff02::1', '2001:db8::1', '2001:2::1', '100::1', '3fff::1', '5f00::1', '4000::1'],
    // IPv4 inside of IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo; whatever is inside
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:1.1.1.1', '::127.0.0.1', '::1.1.1.1', '::ffff:0:127.0.0.1'],
    ...['64:ff9b::7f00:1', '64:ff9b::1.1.1.1', '64:ff9b:1::a00:1', '2002:7f00:1::', '2002:101:101::1', '2001:0:4136:e378::1'],
    // no addresses in the one form that is taken
    ...['', 'localhost', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '01.1.1.1', '1.1.1', '1.1.1.1 ', '[::1]', '__proto__'],
  ]
  for (const address of addresses) t.equal(isPublicAddress(address), false, address)
})
