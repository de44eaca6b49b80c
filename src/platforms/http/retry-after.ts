/** The wait where a server asks for one without saying how long. */
const defaultWaitMs = 5_000;
/** A server that says 0 must not be asked in a tight loop. */
const leastWaitMs = 100;
const longestWaitMs = 24 * 60 * 60 * 1000;

/**
 * The wait that a Retry-After header asks for, in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3),
 * between 100 ms and a day; 5 s where it is absent or unreadable.
 */
export function retryAfterMs(header: string | undefined, now: number): number {
  const text = header?.trim() ?? '';
  if (text === '') return defaultWaitMs;
  const wait = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  if (!Number.isFinite(wait)) return defaultWaitMs;
  return Math.min(Math.max(Math.ceil(wait), leastWaitMs), longestWaitMs);
}
