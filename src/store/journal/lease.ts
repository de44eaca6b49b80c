import { randomUUID } from 'node:crypto';

import { elapsedMs, momentNow } from '../moment.js';
import type { Queryable } from '../query.js';
import { registerOwner, releaseOwner, renewOwner } from './owners.js';

export interface LeaseOptions {
  readonly worker: string;
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  /** Milliseconds that never go back; default `performance.now`. */
  readonly monotonicNow: () => number;
  /** Told of each new owner: somebody else may renew its lease while this thread cannot. */
  readonly onOwner?: ((owner: string) => void) | undefined;
}

/** The lease of this process, renewed until it is closed. */
export interface Lease {
  /** Changes when a lease was lost: what was claimed under an earlier owner may be another's by now. */
  readonly owner: string;
  /** The local fence, see {@link holdLease}. */
  fresh(): boolean;
  /** Renews now, or begins a new lease where the old one is over. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

// Time for the request to leave, and for clocks that run at slightly different speeds.
const MARGIN_MS = 1_500;
const MARGIN_SHARE = 0.15;

/**
 * Holds a lease and renews it.
 *
 * The fence: a lease is fresh for leaseMs − 1.5 s after its last successful renewal *was sent*. Postgres renewed it
 * later than that, so the fence falls before the lease does. It is checked in the same turn of the event loop as the
 * request is sent: a process that was stopped for a minute finds it fallen when it goes on, though its timers
 * have not run yet.
 *
 * @throws AssayError POSTGRES_UNREACHABLE where the first lease cannot be begun.
 */
export async function holdLease(on: Queryable, options: LeaseOptions): Promise<Lease> {
  const { worker, leaseMs, renewEveryMs, monotonicNow } = options;
  const fence = leaseMs - Math.min(MARGIN_MS, leaseMs * MARGIN_SHARE);
  const now = () => momentNow(monotonicNow);
  let owner = '';
  let renewed = now();
  let renewing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const begin = async (): Promise<void> => {
    const next = `${worker}/${randomUUID()}`;
    const sent = now();
    await registerOwner(on, { owner: next, worker, leaseMs });
    owner = next;
    renewed = sent;
    options.onOwner?.(next);
  };
  const renewOnce = async (): Promise<void> => {
    const sent = now();
    if (await renewOwner(on, { owner, leaseMs })) renewed = sent;
    else await begin();
  };
  const renew = (): Promise<void> =>
    (renewing ??= renewOnce().finally(() => {
      renewing = undefined;
    }));
  const schedule = (delayMs: number): void => {
    if (closed) return;
    timer = setTimeout(() => {
      renew().then(
        () => {
          schedule(renewEveryMs);
        },
        // Postgres is away: no call starts, and the lease is renewed or begun anew as soon as it is back.
        () => {
          schedule(Math.min(renewEveryMs, 500));
        },
      );
    }, delayMs);
    timer.unref();
  };

  await begin();
  schedule(renewEveryMs);
  return {
    get owner() {
      return owner;
    },
    fresh: () => !closed && elapsedMs(renewed, now()) < fence,
    renew,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await renewing?.catch(() => undefined);
      await releaseOwner(on, owner);
    },
  };
}
