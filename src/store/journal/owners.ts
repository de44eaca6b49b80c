import { countOf, type Queryable } from '../query.js';

/** How long a lease lasts without renewal. */
export const DEFAULT_LEASE_MS = 10_000;

const leaseEnd = (parameter: string): string =>
  `clock_timestamp() + ${parameter}::float8 * interval '1 millisecond'`;

/**
 * Begins a lease.
 *
 * @param owner an id that was never used before: an owner whose lease ran out is dead for good.
 */
export async function registerOwner(
  on: Queryable,
  owner: { readonly owner: string; readonly worker: string; readonly leaseMs?: number },
): Promise<void> {
  await countOf(
    on,
    `insert into assay.journal_owners (owner, worker, lease_until)
     values ($1, $2, ${leaseEnd('$3')})`,
    [owner.owner, owner.worker, owner.leaseMs ?? DEFAULT_LEASE_MS],
  );
}

/** Renews the lease $1 by $2 milliseconds. A statement of its own, since the watchdog sends it from a thread of its own. */
export const renewOwnerStatement = `update assay.journal_owners set lease_until = ${leaseEnd('$2')}
      where owner = $1 and ended_at is null and lease_until > clock_timestamp()`;

/**
 * Renews a lease that still lives, by Postgres' clock.
 *
 * A takeover that came first has set `ended_at`; a renewal that waited for it reads the row again and finds
 * that. A takeover that comes second waits for the renewal and then finds a lease that lives.
 *
 * @returns whether the owner still lives.
 */
export async function renewOwner(
  on: Queryable,
  owner: { readonly owner: string; readonly leaseMs?: number },
): Promise<boolean> {
  const { owner: id, leaseMs = DEFAULT_LEASE_MS } = owner;
  const renewed = await countOf(on, renewOwnerStatement, [id, leaseMs]);
  return renewed > 0;
}

/** Ends a lease on a clean stop: what it still claims is free at once. */
export async function releaseOwner(on: Queryable, owner: string): Promise<void> {
  await countOf(
    on,
    `update assay.journal_owners set ended_at = clock_timestamp()
      where owner = $1 and ended_at is null`,
    [owner],
  );
}

/** Ends those of the owners whose lease is over, for good. A renewal in flight is waited for and wins. */
export async function endLapsedOwners(on: Queryable, owners: readonly string[]): Promise<void> {
  await countOf(
    on,
    `update assay.journal_owners set ended_at = clock_timestamp()
      where owner = any($1) and ended_at is null and lease_until <= clock_timestamp()`,
    [owners],
  );
}
