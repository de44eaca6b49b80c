import { sha256 } from '../ids/hash.js';

/**
 * The headers of a request as they decide a result. One such as `x-tenant: acme` decides it and counts by a hash of its
 * value. A key does not decide it, and is changed now and then: `env:NAME`, and whatever is named like one, counts by its name.
 */
export function headerIdentity(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers)
    .map(([name, value]) =>
      value.startsWith('env:') || credential.test(name)
        ? name
        : `${name} sha256=${sha256(value).slice(0, 16)}`,
    )
    .sort();
}

const credential = /auth|key|token|secret|cookie|passw|signature|credential/i;

/** An address; its query decides the result and can hold a key, so it counts by its hash, which nobody can read a key from. */
export function addressIdentity(address: string): string {
  const url = new URL(address);
  const query = url.search === '' ? '' : `?sha256=${sha256(url.search).slice(0, 16)}`;
  return `${url.origin}${url.pathname}${query}`;
}
