import ipaddr from 'ipaddr.js';

/** An IP address or a range of them, in the one form in which addresses are compared. */
export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;
export type IpRange = readonly [IpAddress, number];

/** What an address is to the guard: open to all, closed unless the team allows it, or closed for ever. */
export interface AddressClass {
  readonly access: 'public' | 'restricted' | 'never';
  /** For people: `loopback`, `private`, … */
  readonly kind: string;
}

// 64:ff9b::/96 (RFC 6052): what DNS64 gives on networks without IPv4; the last 32 bits are the real address.
const nat64: IpRange = [ipaddr.IPv6.parse('64:ff9b::'), 96];
const globalUnicast: IpRange = [ipaddr.IPv6.parse('2000::'), 3];

// Where clouds hand out the machine's credentials. Most are link-local; these are not, and one lies in public space.
const metadata: readonly IpRange[] = [
  '100.100.100.200/32', // Alibaba Cloud
  '168.63.129.16/32', // Azure (wire server)
  '192.0.0.192/32', // Oracle Cloud
  'fd00:ec2::254/128', // AWS over IPv6
  'fd00:42::42/128', // Scaleway over IPv6
  'fd20:ce::254/128', // Google Cloud over IPv6
].map((text) => ipaddr.parseCIDR(text));

const kinds: Readonly<Record<string, string>> = {
  loopback: 'a loopback address',
  private: 'a private address',
  uniqueLocal: 'a private (unique local) address',
  carrierGradeNat: 'a carrier-grade NAT address',
  linkLocal: 'a link-local address',
  multicast: 'a multicast address',
  broadcast: 'the broadcast address',
  unspecified: 'the unspecified address',
};

/**
 * Reads an address; undefined where the text is none. An IPv4-mapped IPv6 address and a NAT64 address become the
 * IPv4 address that packets end up at, so that neither is a way round a rule. Short IPv4 forms (`127.1`, octal,
 * hex) are not read: URLs have them normalised, resolvers never give them.
 */
export function readAddress(text: string): IpAddress | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!ipaddr.IPv6.isValid(text)) return undefined;
  return unwrap(ipaddr.IPv6.parse(text));
}

/** Reads `address/bits`; undefined where the text is none. */
export function readRange(text: string): IpRange | undefined {
  if (!ipaddr.isValidCIDR(text)) return undefined;
  const [address, bits] = ipaddr.parseCIDR(text);
  if (address.kind() === 'ipv4') {
    return ipaddr.IPv4.isValidCIDRFourPartDecimal(text) ? [address, bits] : undefined;
  }
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  const inner = unwrap(address as ipaddr.IPv6);
  return inner.kind() === 'ipv4' && bits >= 96 ? [inner, bits - 96] : [address, bits];
}

/** Whether a range holds an address; never across the two kinds of addresses. */
export function rangeHolds([base, bits]: IpRange, address: IpAddress): boolean {
  return base.kind() === address.kind() && address.match(base, bits);
}

/** Says whether an address may be reached. Everything that is not plainly public is restricted. */
export function classifyAddress(address: IpAddress): AddressClass {
  const range = address.range() as string;
  if (range === 'linkLocal') return { access: 'never', kind: 'a link-local address' };
  if (metadata.some((entry) => rangeHolds(entry, address))) {
    return { access: 'never', kind: 'a cloud metadata address' };
  }
  // ipaddr.js calls every IPv6 address outside its table "unicast", also `::127.0.0.1` (IPv4-compatible,
  // deprecated); only 2000::/3 is handed out (RFC 4291, 2.4).
  const isPublic =
    range === 'unicast' && (address.kind() === 'ipv4' || rangeHolds(globalUnicast, address));
  return isPublic
    ? { access: 'public', kind: 'a public address' }
    : { access: 'restricted', kind: kinds[range] ?? 'a reserved address' };
}

function unwrap(address: ipaddr.IPv6): IpAddress {
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  if (rangeHolds(nat64, address)) return new ipaddr.IPv4(address.toByteArray().slice(12));
  return address;
}
