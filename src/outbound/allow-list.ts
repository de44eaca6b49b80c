import { AssayError, type Problem } from '../core/errors/assay-error.js';
import {
  classifyAddress,
  rangeHolds,
  readAddress,
  readRange,
  type AddressClass,
  type IpAddress,
  type IpRange,
} from './addresses.js';

/** Whom the guard lets through. Compiled once from `network.allow`. */
export interface AllowList {
  /**
   * Undefined where the address may be connected to, else what speaks against it. `hostname` is the URL's own,
   * without brackets; `port` is the real one.
   */
  refusal(address: IpAddress, at: { hostname: string; port: number }): AddressClass | undefined;
}

interface Entry {
  readonly port: number | undefined;
  readonly match: { readonly host: string } | { readonly range: IpRange };
}

/**
 * Compiles `network.allow`: each entry is a host (`localhost`), an address (`127.0.0.1`, `::1`) or a CIDR range
 * (`10.0.0.0/8`), with an optional `:port` (IPv6 in brackets then: `[::1]:8080`). A host that is named may resolve
 * to any address but a link-local or metadata one: those stay closed whatever is allowed.
 *
 * @throws AssayError CONFIG_INVALID with every entry that cannot be read
 */
export function compileAllowList(allow: readonly string[]): AllowList {
  const problems: Problem[] = [];
  const entries = allow.flatMap((text, index) => {
    const entry = readEntry(text);
    if (entry !== undefined) return [entry];
    problems.push({
      at: `network.allow.${index}`,
      message: `${JSON.stringify(text.slice(0, 100))} is no host, address or CIDR range.`,
      mend: 'Write localhost, 10.1.2.3, 10.0.0.0/8 or ::1, with :port behind it if wanted ([::1]:8080).',
    });
    return [];
  });
  if (problems.length > 0) {
    throw new AssayError('CONFIG_INVALID', 'The network rules have problems.', { problems });
  }
  return {
    refusal(address, at) {
      const verdict = classifyAddress(address);
      if (verdict.access === 'public') return undefined;
      if (verdict.access === 'never') return verdict;
      return entries.some((entry) => allows(entry, address, at)) ? undefined : verdict;
    },
  };
}

function allows(
  { port, match }: Entry,
  address: IpAddress,
  at: { hostname: string; port: number },
): boolean {
  if (port !== undefined && port !== at.port) return false;
  return 'host' in match
    ? match.host === withoutRootDot(at.hostname)
    : rangeHolds(match.range, address);
}

function readEntry(text: string): Entry | undefined {
  const { base, port } = splitPort(text);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  const address = readAddress(base);
  if (address !== undefined) {
    return { port, match: { range: [address, address.kind() === 'ipv4' ? 32 : 128] } };
  }
  const range = readRange(base);
  if (range !== undefined) return { port, match: { range } };
  const host = readHost(base);
  return host === undefined ? undefined : { port, match: { host } };
}

function splitPort(text: string): { base: string; port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text);
  if (bracketed !== null) return { base: bracketed[1] ?? '', port: number(bracketed[2]) };
  // More than one colon without brackets: an IPv6 address or range, whose last group is no port.
  const plain = /^([^:]*):(\d{1,5})$/.exec(text);
  return plain === null
    ? { base: text, port: undefined }
    : { base: plain[1] ?? '', port: number(plain[2]) };
}

const number = (digits: string | undefined): number | undefined =>
  digits === undefined ? undefined : Number(digits);

// The URL parser gives a host the form that request URLs have (lower case, punycode). What it changes into an
// address (`127.1`) was none of the forms above, and is refused rather than guessed.
function readHost(text: string): string | undefined {
  if (!/^[^\s/\\:?#@[\]%*]+$/.test(text)) return undefined;
  if (!URL.canParse(`http://${text}/`)) return undefined;
  const { hostname } = new URL(`http://${text}/`);
  return readAddress(hostname) === undefined ? withoutRootDot(hostname) : undefined;
}

/** `host.` and `host` are the same name. */
const withoutRootDot = (hostname: string): string =>
  hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
