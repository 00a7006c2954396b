import ipaddr from 'ipaddr.js'

/** Public by its range, but inside an Azure machine it is the host's own configuration service. */
const azureWireServer = '168.63.129.16'

/** What the internet routes to single hosts (IANA: global unicast); everything outside of it is some kind of special. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Whether an address belongs to a host on the public internet. Not loopback, private, link-local, unique-local, carrier NAT,
 * multicast, unspecified, reserved or documentation ranges, and no IPv6 address that carries an IPv4 one to be translated
 * back (mapped, NAT64, 6to4, Teredo), whatever that one is. False for what is no address.
 */
export function isPublicAddress(address: string): boolean {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) {
    return ipaddr.IPv4.parse(address).range() === 'unicast' && address !== azureWireServer
  }
  if (!ipaddr.IPv6.isValid(address)) return false
  const parsed = ipaddr.IPv6.parse(address)
  return parsed.match(globalUnicast) && parsed.range() === 'unicast'
}
