import { setTimeout as wait } from 'node:timers/promises';

import { orAborted } from '../core/async/or-aborted.js';
import { AssayError } from '../core/errors/assay-error.js';
import { advisoryKey } from './advisory-key.js';
import { placeOf } from './failures.js';
import { openPublisherConnection, type PublisherConnection } from './publisher/connection.js';
import { rowsOf } from './query.js';

/** What one process at a time does, of all that share the database. */
export interface TurnLock {
  /**
   * Waits for the turn.
   *
   * @returns undefined where it did not come within `waitMs`.
   * @throws AssayError POSTGRES_UNREACHABLE, also where Postgres leaves a statement without an answer for that long; what the
   *   signal says, at once.
   */
  take(
    about: readonly string[],
    limits: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<Turn | undefined>;
  close(): Promise<void>;
}

export interface Turn {
  /** Aborts where the turn is lost with its connection: another process may have it then. */
  readonly held: AbortSignal;
  release(): Promise<void>;
}

/** Nobody told asks more seldom than this. */
const slowestAskMs = 250;
/** A connection that holds nothing is kept so long for the next turn. */
const keptMs = 10_000;
const sayMs = 10_000;
/** Postgres has so long for an answer beyond what a turn is waited for; together with that, a push keeps within its minute. */
const answerMs = 5_000;
/** Above `sayMs`, so that only a process that is frozen or away is silent for so long. */
const silence = '45s';

/**
 * Turns by advisory locks of one connection, which is there only while it is needed: they end with the process, however that ends,
 * and 45 s after it froze. Not one connection of a pool for each turn: a turn lasts as long as a platform takes to answer, and a few
 * slow ones would leave none to the statements that everything else waits for.
 *
 * A session can take its own lock twice: within a process, whoever wants the same turn must be kept waiting by other means.
 *
 * @param url a direct connection: a pooler in transaction mode would hand the locks to somebody else.
 */
export function createTurnLock(url: string): TurnLock {
  const place = placeOf(url);
  let opened: Promise<PublisherConnection> | undefined;
  let users = 0;
  let idle: NodeJS.Timeout | undefined;
  let alive: NodeJS.Timeout | undefined;

  const connection = async (): Promise<PublisherConnection> => {
    const known = opened;
    if (known !== undefined) {
      const on = await known.catch(() => undefined);
      if (on?.alive.aborted === false) return on;
      if (opened === known) opened = undefined;
    }
    opened ??= connect(url, place);
    return opened;
  };
  /** Nothing of it is left, whether it is open, hangs or is still to come. */
  const giveUp = (): void => {
    clearInterval(alive);
    clearTimeout(idle);
    const last = opened;
    opened = undefined;
    last?.then((on) => on.abandon()).catch(() => undefined);
  };
  const begin = (): void => {
    users += 1;
    clearTimeout(idle);
    if (users > 1) return;
    alive = setInterval(() => {
      void opened?.then((on) => on.exclusive((q) => rowsOf(q, 'select 1'))).catch(() => undefined);
    }, sayMs);
    alive.unref();
  };
  const end = (): void => {
    users -= 1;
    if (users > 0) return;
    clearInterval(alive);
    idle = setTimeout(giveUp, keptMs);
    idle.unref();
  };
  /** An answer, or the end of the waiting for it: the connection is nobody's then, unless others have turns on it. */
  const answer = async <T>(asked: Promise<T>, patience: AbortSignal): Promise<T> => {
    try {
      return await orAborted(asked, patience);
    } catch (error) {
      if (patience.aborted && users === 1) giveUp();
      throw error;
    }
  };

  return {
    async take(about, { waitMs, signal }) {
      const key = advisoryKey(...about);
      const until = performance.now() + waitMs;
      const late = timeLimit(Math.max(waitMs, 0) + answerMs, place);
      const patience = AbortSignal.any([signal, late.signal]);
      begin();
      try {
        const on = await answer(connection(), patience);
        for (let pause = 10; ; pause = Math.min(2 * pause, slowestAskMs)) {
          const asked = tryLock(on, key);
          const got = await answer(asked, patience).catch((error: unknown) => {
            // It may still get what nobody wants by now.
            void asked.then((has) => (has ? unlock(on, key) : undefined)).catch(() => undefined);
            throw error;
          });
          if (got) return turnOf(on, key, end);
          if (performance.now() >= until) break;
          await wait(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
          signal.throwIfAborted();
        }
      } catch (error) {
        end();
        throw error;
      } finally {
        late.clear();
      }
      end();
      return undefined;
    },
    async close() {
      const closed = opened?.then((on) => on.close());
      // What hangs must not keep a process from ending.
      if (closed !== undefined) {
        await orAborted(closed, AbortSignal.timeout(answerMs)).catch(() => undefined);
      }
      giveUp();
    },
  };
}

async function connect(url: string, place: string): Promise<PublisherConnection> {
  const on = await openPublisherConnection(url, 'assay turns');
  const limit = timeLimit(answerMs, place);
  try {
    // Servers before 14 do not know it: there a frozen process keeps its locks until its connection breaks.
    const set = on.exclusive((q) =>
      rowsOf(
        q,
        `select set_config(name, $1, false) from pg_settings where name = 'idle_session_timeout'`,
        [silence],
      ),
    );
    await orAborted(set, limit.signal);
    return on;
  } catch (error) {
    on.abandon();
    throw error;
  } finally {
    limit.clear();
  }
}

async function tryLock(on: PublisherConnection, key: string): Promise<boolean> {
  const [row] = await on.exclusive((q) =>
    rowsOf<{ got: boolean }>(q, 'select pg_try_advisory_lock($1::bigint) as got', [key]),
  );
  return row?.got === true;
}

const unlock = (on: PublisherConnection, key: string): Promise<unknown> =>
  on.exclusive((q) => rowsOf(q, 'select pg_advisory_unlock($1::bigint)', [key]));

function turnOf(on: PublisherConnection, key: string, end: () => void): Turn {
  return {
    held: on.alive,
    release: async () => {
      try {
        await orAborted(unlock(on, key), AbortSignal.timeout(answerMs));
      } catch {
        // A connection that does not answer is given up, and its locks with it.
        on.abandon();
      } finally {
        end();
      }
    },
  };
}

function timeLimit(
  ms: number,
  place: string,
): { readonly signal: AbortSignal; readonly clear: () => void } {
  const ended = new AbortController();
  const timer = setTimeout(() => {
    const message = `Postgres at ${place} has not answered within ${ms / 1_000} s.`;
    ended.abort(new AssayError('POSTGRES_UNREACHABLE', message));
  }, ms);
  timer.unref();
  return { signal: ended.signal, clear: () => clearTimeout(timer) };
}
