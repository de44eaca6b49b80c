import { createHash, timingSafeEqual } from 'node:crypto';

import type { Access } from './exchange.js';

export interface Keys {
  readonly publicKey: string;
  readonly secretKey: string;
}

export type AuthOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly status: 401 | 403; readonly message: string };

const confirmHost = "Confirm that you've configured the correct host.";
const refuse = (status: 401 | 403, message: string): AuthOutcome => ({
  ok: false,
  status,
  message,
});

/**
 * Checks the Authorization header. The secret key alone decides (a wrong public key beside the right
 * secret key was seen to pass); the bare public key as Bearer only opens the posting of scores.
 */
export function authorize(header: string | undefined, access: Access, keys: Keys): AuthOutcome {
  if (access === 'open') return { ok: true };
  if (header === undefined || header === '') return refuse(401, 'No authorization header');
  if (header.startsWith('Bearer ')) return bearer(header.slice(7).trim(), access, keys);
  if (!header.startsWith('Basic '))
    return refuse(401, `Invalid authorization header. ${confirmHost}`);
  const encoded = header.slice(6).trim();
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded))
    return refuse(401, `Invalid character. ${confirmHost}`);
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  const secret = colon < 0 ? '' : decoded.slice(colon + 1);
  return sameText(secret, keys.secretKey)
    ? { ok: true }
    : refuse(401, `Invalid credentials. ${confirmHost}`);
}

function bearer(token: string, access: Access, keys: Keys): AuthOutcome {
  if (!sameText(token, keys.publicKey)) return refuse(401, `Invalid credentials. ${confirmHost}`);
  if (access === 'secret-or-public') return { ok: true };
  return refuse(403, 'Invalid API key. Are you using an organization key?');
}

/** Compares digests, so neither the length nor a common prefix of the key shows in the time taken. */
function sameText(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
