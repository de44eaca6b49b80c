import { setTimeout as wait } from 'node:timers/promises';

import { advisoryKey } from './advisory-key.js';
import { openPublisherConnection, type PublisherConnection } from './publisher/connection.js';
import { rowsOf } from './query.js';

/** What one process at a time does, of all that share the database. */
export interface TurnLock {
  /**
   * Waits for the turn.
   *
   * @returns undefined where it did not come within `waitMs`.
   * @throws AssayError POSTGRES_UNREACHABLE; what the signal says.
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
  let opened: Promise<PublisherConnection> | undefined;
  let users = 0;
  let idle: NodeJS.Timeout | undefined;
  let alive: NodeJS.Timeout | undefined;

  const connect = async (): Promise<PublisherConnection> => {
    const connection = await openPublisherConnection(url, 'assay turns');
    // Servers before 14 do not know it: there a frozen process keeps its locks until its connection breaks.
    await connection.exclusive((on) =>
      rowsOf(
        on,
        `select set_config(name, $1, false) from pg_settings where name = 'idle_session_timeout'`,
        [silence],
      ),
    );
    return connection;
  };
  const connection = async (): Promise<PublisherConnection> => {
    const known = opened;
    if (known !== undefined) {
      const on = await known.catch(() => undefined);
      if (on?.alive.aborted === false) return on;
      if (opened === known) opened = undefined;
    }
    opened ??= connect();
    return opened;
  };
  const disconnect = async (): Promise<void> => {
    clearInterval(alive);
    clearTimeout(idle);
    const last = opened;
    opened = undefined;
    await (await last?.catch(() => undefined))?.close();
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
    idle = setTimeout(() => void disconnect(), keptMs);
    idle.unref();
  };

  return {
    async take(about, { waitMs, signal }) {
      const key = advisoryKey(...about);
      const until = performance.now() + waitMs;
      begin();
      try {
        const on = await connection();
        signal.throwIfAborted();
        for (let pause = 10; ; pause = Math.min(2 * pause, slowestAskMs)) {
          const [row] = await on.exclusive((q) =>
            rowsOf<{ got: boolean }>(q, 'select pg_try_advisory_lock($1::bigint) as got', [key]),
          );
          if (row?.got === true) return turnOf(on, key, end);
          if (performance.now() >= until) break;
          await wait(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
          signal.throwIfAborted();
        }
      } catch (error) {
        end();
        throw error;
      }
      end();
      return undefined;
    },
    close: disconnect,
  };
}

function turnOf(on: PublisherConnection, key: string, end: () => void): Turn {
  return {
    held: on.alive,
    release: async () => {
      try {
        await on.exclusive((q) => rowsOf(q, 'select pg_advisory_unlock($1::bigint)', [key]));
      } catch {
        // A connection that does not answer is given up, and its locks with it.
        await on.close();
      } finally {
        end();
      }
    },
  };
}
