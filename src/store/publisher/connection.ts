import pg from 'pg';

import { AssayError } from '../../core/errors/assay-error.js';
import { codedFailure, placeOf } from '../failures.js';
import { elapsedMs, momentNow } from '../moment.js';
import { rowsOf, type Queryable } from '../query.js';
import { coded, typeParsers } from '../store.js';

/** The one connection of a publisher. Its statements run one after the other. */
export interface PublisherConnection {
  /** Aborts when the connection ends, with an AssayError POSTGRES_UNREACHABLE: no connection, no POST. */
  readonly alive: AbortSignal;
  /** Milliseconds since the last statement that succeeded was sent. */
  sinceLastWord(): number;
  /** Runs statements with nothing of another caller between them. */
  exclusive<T>(run: (on: Queryable) => Promise<T>): Promise<T>;
  /** The same in a transaction. */
  transaction<T>(run: (on: Queryable) => Promise<T>): Promise<T>;
  /** After the statements that were asked for. */
  close(): Promise<void>;
  /** Ends it at once: a statement without an answer would keep {@link close} waiting as long as it hangs itself. */
  abandon(): void;
}

const openClient = async (url: string, place: string, name: string): Promise<pg.Client> => {
  const client = new pg.Client({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    statement_timeout: 60_000,
    query_timeout: 65_000,
    // A publisher that is stopped inside a transaction: nothing of that export was sent yet.
    idle_in_transaction_session_timeout: 30_000,
    types: typeParsers,
  });
  // The first listener must stand before the connection does; openPublisherConnection adds its own.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // A host that vanished must not keep the lock: the server notices after 30 s, three times a POST's deadline.
    await client.query(
      'set tcp_keepalives_idle = 15; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3',
    );
    return client;
  } catch (error) {
    client.end().catch(() => undefined);
    throw codedFailure(error, place);
  }
};

/**
 * @param applicationName shown in pg_stat_activity.
 * @throws AssayError POSTGRES_UNREACHABLE
 */
export async function openPublisherConnection(
  url: string,
  applicationName = 'assay publisher',
): Promise<PublisherConnection> {
  const place = placeOf(url);
  const client = await openClient(url, place, applicationName);
  const on = coded(client, place);
  const ended = new AbortController();
  const end = (): void => {
    if (ended.signal.aborted) return;
    ended.abort(
      new AssayError(
        'POSTGRES_UNREACHABLE',
        `The connection "${applicationName}" to ${place} has ended.`,
      ),
    );
  };
  const abandon = (): void => {
    end();
    // With a statement under way it destroys the socket.
    client.end().catch(() => undefined);
  };
  client.on('error', end);
  client.on('end', end);

  let lastWord = momentNow();
  // Statements that failed for want of an answer leave the connection in an unknown state: it is given up.
  const guarded: Queryable = {
    query: async (text, values) => {
      ended.signal.throwIfAborted();
      const sent = momentNow();
      try {
        const result = await on.query(text, values);
        lastWord = sent;
        return result;
      } catch (error) {
        if (AssayError.is(error)) abandon();
        throw error;
      }
    },
  };
  let tail: Promise<unknown> = Promise.resolve();
  const exclusive = <T>(run: (on: Queryable) => Promise<T>): Promise<T> => {
    const turn = tail.then(() => run(guarded));
    tail = turn.catch(() => undefined);
    return turn;
  };
  return {
    alive: ended.signal,
    sinceLastWord: () => elapsedMs(lastWord, momentNow()),
    exclusive,
    transaction: (run) =>
      exclusive(async (tx) => {
        await rowsOf(tx, 'begin');
        try {
          const result = await run(tx);
          await rowsOf(tx, 'commit');
          return result;
        } catch (error) {
          await rowsOf(tx, 'rollback').catch(() => undefined);
          throw error;
        }
      }),
    close: async () => {
      await tail;
      await client.end().catch(() => undefined);
      end();
    },
    abandon,
  };
}
