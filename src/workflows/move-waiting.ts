import { patched, sleep } from '@temporalio/workflow';

import type { PlatformMigrationActivities } from '../contracts/platform-migration.js';
import { AssayError, type ErrorDocument } from '../core/errors/assay-error.js';

/** What waiting and going on rest on, beyond one execution: a platform that is away is so for all of them together. */
export interface Pace {
  sliceMs: number;
  /** Since when no slice got anywhere, in milliseconds since 1970. */
  awaySince?: number;
  /** The same of what is sent. */
  unsentSince?: number;
}

export type Wait = (waitMs: number, reason: string) => Promise<void>;

/** A platform that stays away is asked less and less often, or hours of it would be thousands of events. */
const longestWaitMs = 60_000;

/** Waits for so long, and tells people why: here, and in the row of the move. */
export function createWait(on: {
  readonly migrationId: string;
  readonly short: Pick<PlatformMigrationActivities, 'noteMove'>;
  readonly tell: (waiting: string | undefined) => void;
}): Wait {
  const { migrationId, short, tell } = on;
  // What puts out and what sends may both wait: the one that is over must not hide the other.
  const reasons: { readonly reason: string }[] = [];
  const note = inOrder(
    (waiting: string | null) => short.noteMove({ migrationId, waiting }),
    // Executions that began before it go on as they began.
    () => patched('notes-in-order'),
  );
  return async (waitMs, reason) => {
    const own = { reason };
    reasons.push(own);
    tell(reason);
    await note(reason);
    await sleep(waitMs, { summary: reason });
    reasons.splice(reasons.indexOf(own), 1);
    const waiting = reasons.at(-1)?.reason;
    tell(waiting);
    await note(waiting ?? null);
  };
}

/**
 * Begins each only when the one before has ended, however it did: one that is tried again would undo what a later one did.
 *
 * @param waits asked where one is still under way: whether the next waits for it.
 */
export function inOrder<Value>(
  send: (value: Value) => Promise<void>,
  waits: () => boolean,
): (value: Value) => Promise<void> {
  let underWay = 0;
  let last = Promise.resolve();
  const over = (): void => {
    underWay -= 1;
  };
  return (value) => {
    const sent = underWay > 0 && waits() ? last.then(() => send(value)) : send(value);
    underWay += 1;
    last = sent.then(over, over);
    return sent;
  };
}

/** Waits for a platform that is away, longer each time. @throws what it is away with, when patience is over. */
export async function waitLonger(
  { patienceMs, wait }: { readonly patienceMs: number; readonly wait: Wait },
  on: { readonly since: number; readonly waitMs: number; readonly error: ErrorDocument },
): Promise<void> {
  const awayMs = Date.now() - on.since;
  if (awayMs > patienceMs) throw AssayError.from(on.error);
  const left = Math.max(patienceMs - awayMs, 1);
  const longer = Math.max(on.waitMs, Math.min(awayMs / 2, longestWaitMs));
  await wait(Math.min(longer, Math.max(left, on.waitMs)), on.error.message);
}
