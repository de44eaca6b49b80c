import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';

import type { MoveStep } from '../contracts/platform-migration.js';
import { AssayError } from '../core/errors/assay-error.js';
import { takeStep, type Moving } from './move-slices.js';
import { waitLonger } from './move-waiting.js';

/** A publisher gives up on a server after 20 s: one that ran for longer has sent something. */
const sentSomethingMs = 60_000;

/** Puts traces out and sends them at the same time, so that what stands in the outbox stays small. */
export async function moveTraces(moving: Moving): Promise<MoveStep | 'again'> {
  let put: MoveStep | 'again' | undefined;
  const scope = new CancellationScope();
  if (!moving.settles) {
    const putting = takeStep(moving, 'traces').then((next) => {
      put = next;
      return next;
    });
    const [next] = await Promise.all([putting, send(moving, () => put)]);
    return next;
  }
  // The publisher waits for more until all is put out, so it is told where nothing more comes in this execution.
  const ending = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      scope.cancel();
      throw error;
    }
  };
  const [putting, sending] = await scope.run(() =>
    Promise.allSettled([
      ending(takeStep(moving, 'traces')).then((next) => {
        put = next;
        if (next === 'again') scope.cancel();
        return next;
      }),
      ending(send(moving, () => put)),
    ]),
  );
  const failures = [putting, sending].flatMap((each): readonly unknown[] =>
    each.status === 'rejected' ? [each.reason] : [],
  );
  // What failed by itself goes before what was only told to stop; that the sending was is how this execution hands over.
  const own = failures.filter((reason) => !isCancellation(reason));
  if (own.length > 0) {
    const reason: unknown = own[0];
    throw reason;
  }
  if (putting.status === 'rejected') {
    const ended: unknown = putting.reason;
    throw ended;
  }
  return sending.status === 'fulfilled' && sending.value === 'done' ? putting.value : 'again';
}

/** Sends what is put out until all is, or until this history has grown long. */
async function send(
  moving: Moving,
  put: () => MoveStep | 'again' | undefined,
): Promise<'done' | 'again'> {
  const { call, migrationId, wait, pace, settles } = moving;
  for (;;) {
    const asked = Date.now();
    const reply = await call.publishMove({ migrationId });
    if (reply.state === 'done') {
      delete pace.unsentSince;
      return 'done';
    }
    if (put() === 'again') return 'again';
    // As long as more is put out, that decides when to go on in a new execution.
    const isOpen = put() === undefined;
    if (settles ? !isOpen : isOpen) {
      if (workflowInfo().continueAsNewSuggested) return 'again';
    }
    if (!settles) {
      await wait(reply.waitMs, reply.reason);
      continue;
    }
    // Rows that left are no silence, however long a rate-limited platform has the rest wait.
    if ((reply.sent ?? 0) > 0 || Date.now() - asked > sentSomethingMs) delete pace.unsentSince;
    pace.unsentSince ??= asked;
    const error = new AssayError('PLATFORM_UNREACHABLE', reply.reason).toJSON();
    await waitLonger(moving, { since: pace.unsentSince, waitMs: reply.waitMs, error });
  }
}
