import { advisoryKey } from '../advisory-key.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

/** What one publisher at a time works on. */
export interface Drain {
  readonly platform: string;
  readonly partition: string;
}

/** Who holds a drain. */
export interface Holder {
  readonly holder: string;
  /** When it last did something. */
  readonly seenAt: string;
  readonly silentMs: number;
}

const lockKey = ({ platform, partition }: Drain): string =>
  advisoryKey('assay-publisher', platform, partition);

/** Takes the drain's session lock if it is free. It is held until the connection ends, however that comes. */
export async function tryLock(on: Queryable, drain: Drain): Promise<boolean> {
  const [row] = await rowsOf<{ got: boolean }>(
    on,
    'select pg_try_advisory_lock($1::bigint) as got',
    [lockKey(drain)],
  );
  return row?.got === true;
}

/** The holder as it last noted itself. */
export async function readHolder(on: Queryable, drain: Drain): Promise<Holder | undefined> {
  const [row] = await rowsOf<Holder>(
    on,
    `select holder, seen_at as "seenAt",
            (extract(epoch from clock_timestamp() - seen_at) * 1000)::float8 as "silentMs"
       from assay.publisher_sessions where platform = $1 and partition = $2`,
    [drain.platform, drain.partition],
  );
  return row;
}

/**
 * Ends the session of a holder that was silent for too long: a frozen process keeps its connection, and with it
 * the lock, for ever. Only the very session that noted itself is ended, by its process id *and* start.
 *
 * @returns whether there was one; it has ended when this returns (waited for 5 s at most).
 */
export async function endSilentHolder(
  on: Queryable,
  drain: Drain,
  silentAfterMs: number,
): Promise<boolean> {
  const [row] = await rowsOf<{ ended: boolean }>(
    on,
    `select pg_terminate_backend(a.pid, 5000) as ended
       from assay.publisher_sessions s
       join pg_stat_activity a on a.pid = s.backend_pid and a.backend_start = s.backend_start
      where s.platform = $1 and s.partition = $2
        and s.seen_at < clock_timestamp() - $3::float8 * interval '1 millisecond'`,
    [drain.platform, drain.partition, silentAfterMs],
  );
  return row?.ended === true;
}

/** Notes the holder of this connection. */
export async function noteHolder(on: Queryable, drain: Drain, holder: string): Promise<void> {
  await countOf(
    on,
    `insert into assay.publisher_sessions
       (platform, partition, holder, backend_pid, backend_start, seen_at)
     select $1, $2, $3, a.pid, a.backend_start, clock_timestamp()
       from pg_stat_activity a where a.pid = pg_backend_pid()
     on conflict (platform, partition) do update
       set holder = excluded.holder, backend_pid = excluded.backend_pid,
           backend_start = excluded.backend_start, seen_at = excluded.seen_at`,
    [drain.platform, drain.partition, holder],
  );
}

/** Notes that the holder of this connection is at work. */
export async function noteSeen(on: Queryable, drain: Drain): Promise<void> {
  await countOf(
    on,
    `update assay.publisher_sessions set seen_at = clock_timestamp()
      where platform = $1 and partition = $2 and backend_pid = pg_backend_pid()`,
    [drain.platform, drain.partition],
  );
}

/** Counts a takeover for every experiment that still has something to send there. */
export async function countTakeover(on: Queryable, drain: Drain): Promise<void> {
  await countOf(
    on,
    `insert into assay.publication as p (experiment_id, platform, takeovers)
     select distinct experiment_id, platform, 1 from assay.outbox
      where platform = $1 and partition = $2 and sent_at is null and refused is null
        and experiment_id is not null
     on conflict (experiment_id, platform) do update set takeovers = p.takeovers + 1`,
    [drain.platform, drain.partition],
  );
}
