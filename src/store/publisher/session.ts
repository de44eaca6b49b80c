import type { OutboundRecord } from '../../contracts/publication.js';
import { rowsOf } from '../query.js';
import { openPublisherConnection, type PublisherConnection } from './connection.js';
import {
  countRemaining,
  countResend,
  markExport,
  noteKeysRefused,
  readOpenExports,
  reopenExport,
  turnAway,
  writeIntent,
  type ExportMark,
  type Intent,
  type OpenExport,
  type Remaining,
} from './exports.js';
import {
  noteFailing,
  noteNotFailing,
  readFailing,
  type Failing,
  type LeftRecord,
} from './failing.js';
import {
  countTakeover,
  endSilentHolder,
  noteHolder,
  noteSeen,
  readHolder,
  tryLock,
  type Drain,
  type Holder,
} from './lock.js';
import { exportRecords, sentScore, takeRows, type ExportLimits } from './rows.js';

export type { ExportMark, Intent, OpenExport, Remaining } from './exports.js';
export type { Failing, LeftRecord } from './failing.js';
export type { Drain, Holder } from './lock.js';
export type { ExportLimits } from './rows.js';

/**
 * The publisher of a (platform, partition), by itself for as long as it is open (durability 16). All goes over one
 * connection, which also holds the lock. Every method throws AssayError POSTGRES_UNREACHABLE once that connection
 * has ended; what it was doing may then stand or not.
 */
export interface PublisherSession {
  /** Aborts when the connection ends. A POST must carry it: no connection, no POST. */
  readonly alive: AbortSignal;
  /**
   * Whether a POST may start in this very moment: the connection stands, and Postgres answered a statement that
   * was sent less than 2 s ago. Check it synchronously right before the POST, and count the POST's deadline from the
   * intent. A publisher that was stopped between its intent and its POST finds false when it goes on, though it
   * has not yet heard that its session was ended; it then calls `reopenExport` first, which tells it.
   */
  mayPost(): boolean;
  /** Whether a silent holder was ended for this session. */
  readonly tookOver: boolean;
  /** Says that the publisher is at work; call it at each step and while it waits. `intend` and `mark` do it too. */
  touch(): Promise<void>;
  /** Postgres' clock. */
  now(): Promise<string>;
  /** A score that got through and may be sent again, to see whether anything gets through. */
  sentScore(): Promise<OutboundRecord | undefined>;
  /** The oldest rows that were in no export yet. */
  takeRows(limits: ExportLimits): Promise<readonly OutboundRecord[]>;
  /**
   * Commits that these rows are about to be sent.
   *
   * @returns when, by Postgres' clock.
   * @throws AssayError INTERNAL where a row is not free: a row keeps its first export for ever.
   */
  intend(intent: Intent): Promise<string>;
  /** The exports of which it is not known what came of them, left by a dead publisher or by an unclear answer. */
  openExports(): Promise<readonly OpenExport[]>;
  /** The rows of an open export that are not settled. */
  exportRecords(exportId: string): Promise<readonly OutboundRecord[]>;
  /** Settles an export. @throws AssayError INTERNAL where it is not open. */
  mark(exportId: string, mark: ExportMark): Promise<void>;
  /**
   * Notes that the last try of an open export certainly did not arrive with these ids, also for whoever looks at it next. Stands
   * until the next try. @throws AssayError INTERNAL where it is not open.
   */
  turnAway(exportId: string, ids: readonly string[]): Promise<void>;
  /**
   * Notes that the platform refuses the keys, to a try whose ids are then `unsent` or to a question. Returns for how long it has
   * done so at this export without another answer, in milliseconds. @throws AssayError INTERNAL where it is not open.
   */
  keysRefused(exportId: string, unsent?: readonly string[]): Promise<number>;
  /**
   * Notes that each record that is left of an open export stood alone in the last try and was answered by an error of the server, or
   * was refused. Stands over publishers until it is marked, or until `notFailing`. @throws AssayError INTERNAL where it is not open.
   */
  failing(exportId: string, left: readonly LeftRecord[]): Promise<void>;
  /** Notes that an answer of another kind came to a try. */
  notFailing(exportId: string): Promise<void>;
  /** What the last try left, where it has failed for so long by now and another try is not on its way. */
  failingFor(exportId: string, atLeastMs: number): Promise<Failing | undefined>;
  /** Before the same is sent again after a clean 429, 503 or refused connection. Returns the new time of the intent. */
  reopenExport(exportId: string): Promise<string>;
  /** Before what is missing is sent again after an unclear answer and a fruitless search; counts it. */
  countResend(exportId: string): Promise<string>;
  remaining(): Promise<Remaining>;
  /** Ends the connection, and with it the lock. */
  close(): Promise<void>;
}

export interface PublisherOptions extends Drain {
  /** Who this is, for people and for the one that finds the drain held. */
  readonly holder: string;
  /** After how long without a sign a holder is ended. Default 10 minutes. */
  readonly silentAfterMs?: number;
}

export type PublisherOpening =
  | { readonly state: 'open'; readonly session: PublisherSession }
  /** Another one is at work; `by` is undefined in the moment before it has noted itself. */
  | { readonly state: 'held'; readonly by: Holder | undefined };

const MAY_POST_MS = 2_000;

const sessionOf = (
  connection: PublisherConnection,
  drain: Drain,
  tookOver: boolean,
): PublisherSession => ({
  alive: connection.alive,
  mayPost: () => !connection.alive.aborted && connection.sinceLastWord() < MAY_POST_MS,
  tookOver,
  touch: () => connection.exclusive((on) => noteSeen(on, drain)),
  now: () =>
    connection.exclusive(async (on) => {
      const [row] = await rowsOf<{ now: string }>(on, 'select clock_timestamp() as now');
      return row?.now ?? '';
    }),
  sentScore: () => connection.exclusive((on) => sentScore(on, drain)),
  takeRows: (limits) => connection.exclusive((on) => takeRows(on, drain, limits)),
  intend: (intent) =>
    connection.exclusive(async (on) => {
      await noteSeen(on, drain);
      return writeIntent(on, drain, intent);
    }),
  openExports: () => connection.exclusive((on) => readOpenExports(on, drain)),
  exportRecords: (exportId) => connection.exclusive((on) => exportRecords(on, exportId)),
  mark: (exportId, mark) =>
    connection.exclusive(async (on) => {
      await markExport(on, exportId, mark);
      await noteSeen(on, drain);
    }),
  turnAway: (exportId, ids) => connection.exclusive((on) => turnAway(on, exportId, ids)),
  keysRefused: (exportId, unsent) =>
    connection.exclusive((on) => noteKeysRefused(on, exportId, unsent)),
  failing: (exportId, left) => connection.exclusive((on) => noteFailing(on, exportId, left)),
  notFailing: (exportId) => connection.exclusive((on) => noteNotFailing(on, exportId)),
  failingFor: (exportId, atLeastMs) =>
    connection.exclusive((on) => readFailing(on, exportId, atLeastMs)),
  reopenExport: (exportId) => connection.exclusive((on) => reopenExport(on, exportId)),
  countResend: (exportId) => connection.exclusive((on) => countResend(on, exportId)),
  remaining: () => connection.exclusive((on) => countRemaining(on, drain)),
  close: () => connection.close(),
});

const acquire = async (
  connection: PublisherConnection,
  options: PublisherOptions,
): Promise<'locked' | 'taken over' | 'held'> => {
  const silentAfterMs = options.silentAfterMs ?? 600_000;
  if (await connection.exclusive((on) => tryLock(on, options))) return 'locked';
  if (!(await connection.exclusive((on) => endSilentHolder(on, options, silentAfterMs)))) {
    return 'held';
  }
  return (await connection.exclusive((on) => tryLock(on, options))) ? 'taken over' : 'held';
};

/**
 * Opens the drain of a platform's partition, unless another publisher that shows signs of life holds it.
 *
 * @param url a direct connection: a pooler in transaction mode would hand the lock to somebody else.
 * @throws AssayError POSTGRES_UNREACHABLE
 */
export async function openPublisherSession(
  url: string,
  options: PublisherOptions,
): Promise<PublisherOpening> {
  const connection = await openPublisherConnection(url);
  try {
    const acquired = await acquire(connection, options);
    if (acquired === 'held') {
      const by = await connection.exclusive((on) => readHolder(on, options));
      await connection.close();
      return { state: 'held', by };
    }
    await connection.transaction(async (on) => {
      if (acquired === 'taken over') await countTakeover(on, options);
      await noteHolder(on, options, options.holder);
    });
    const drain = { platform: options.platform, partition: options.partition };
    return { state: 'open', session: sessionOf(connection, drain, acquired === 'taken over') };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
