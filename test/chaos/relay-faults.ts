import { createRandom } from '../../src/devstack/model/random.js';

/** Shares of requests, all the time. */
export interface RelayShares {
  /** Of writes: taken, and the answer is lost with its connection. */
  readonly answerLost: number;
  /** 500 before the service saw it. */
  readonly serverError: number;
  /** 503 with `Retry-After`, likewise. */
  readonly busy: number;
  /** Held back for 50 to 400 ms. */
  readonly slow: number;
}

/** What becomes of one request. */
export interface RelayFate {
  readonly delayMs: number;
  readonly then:
    | { readonly kind: 'pass' }
    | { readonly kind: 'connection lost' }
    | { readonly kind: 'answer lost' }
    | { readonly kind: 'refused'; readonly status: number; readonly retryAfterSeconds?: number };
}

/** Faults of a way to a service that knows none itself, or none that can be ended one by one. */
export interface RelayFaults {
  readonly fateOf: (method: string) => RelayFate;
  /** Every connection is lost until the returned function is called. Several may hold it down at once. */
  readonly goDown: () => () => void;
  /** The next requests are refused, with `Retry-After: 1`. */
  readonly refuse: (status: 429 | 503, requests: number) => void;
  /** Ends all of it. */
  readonly clear: () => void;
}

const none: RelayShares = { answerLost: 0, serverError: 0, busy: 0, slow: 0 };

/** Seeded: the same draws for the same requests. */
export const createRelayFaults = (seed: number, shares: RelayShares = none): RelayFaults => {
  const random = createRandom(seed);
  let now = shares;
  const holders = new Set<symbol>();
  const refusals: { readonly status: number; left: number }[] = [];

  const fate = (method: string): RelayFate['then'] => {
    if (holders.size > 0) return { kind: 'connection lost' };
    const refusal = refusals.find(({ left }) => left > 0);
    if (refusal !== undefined) {
      refusal.left -= 1;
      return { kind: 'refused', status: refusal.status, retryAfterSeconds: 1 };
    }
    let drawn = random();
    if (drawn < now.serverError) return { kind: 'refused', status: 500 };
    drawn -= now.serverError;
    if (drawn < now.busy) return { kind: 'refused', status: 503, retryAfterSeconds: 1 };
    drawn -= now.busy;
    return method !== 'GET' && drawn < now.answerLost ? { kind: 'answer lost' } : { kind: 'pass' };
  };
  return {
    fateOf: (method) => {
      const then = fate(method);
      const delayMs = random() < now.slow ? 50 + Math.round(random() * 350) : 0;
      return { delayMs, then };
    },
    goDown: () => {
      const holder = Symbol('down');
      holders.add(holder);
      return () => void holders.delete(holder);
    },
    refuse: (status, requests) => void refusals.push({ status, left: requests }),
    clear: () => {
      now = none;
      holders.clear();
      refusals.length = 0;
    },
  };
};
