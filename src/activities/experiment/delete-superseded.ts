import type { DrainReply, ExperimentActivities } from '../../contracts/experiment-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { Platform } from '../../platforms/port.js';
import {
  pendingDeletions,
  settleDeletions,
  type PendingDeletion,
} from '../../store/passes/deletions.js';
import { withHeartbeat } from '../heartbeat.js';
import type { ExperimentPorts } from './ports.js';
import { noKeys } from './run-platforms.js';

/** Traces in one request. */
const tracesAtOnce = 100;
const deadlineMs = 30_000;

/**
 * Asks a platform to delete what a pass has replaced: traces of cells that were retried, scores that nobody gives any more.
 * Only after all was sent, so that nothing of them can follow. Deleting what is gone already is no error, so this repeats
 * itself without harm.
 */
export function createDeleteSuperseded(
  ports: Pick<ExperimentPorts, 'store' | 'platforms' | 'draining' | 'log'>,
): ExperimentActivities['deleteSuperseded'] {
  return ({ experimentId, platform: name }) =>
    withHeartbeat(async (beat): Promise<DrainReply> => {
      const platform = ports.platforms.find((each) => each.name === name);
      if (platform === undefined) {
        return { state: 'wait', waitMs: 5_000, reason: noKeys([name]).message };
      }
      let sent = 0;
      for (;;) {
        if (beat.cancelled.aborted || ports.draining.aborted) {
          return { state: 'wait', waitMs: 100, reason: 'the worker is stopping' };
        }
        const of = { experimentId, platform: name, limit: tracesAtOnce };
        const [first, ...others] = await pendingDeletions(ports.store, of);
        if (first === undefined) return { state: 'done', sent };
        const batch = [first, ...(first.kind === 'trace' ? others.filter(isTrace) : [])];
        const ids = batch.map(({ id }) => id);
        try {
          const refused = await deleteAll(batch, { platform, cancelled: beat.cancelled });
          await settleDeletions(ports.store, ids, refused);
        } catch (error) {
          const wait = waitFor(error);
          if (wait !== undefined) return wait;
          if (!AssayError.is(error)) throw error;
          ports.log.warn({ platform: name, deletions: ids.length, err: error }, 'not deleted');
          await settleDeletions(ports.store, ids, error.message);
        }
        sent += batch.length;
        beat.tell({ step: 'delete', sent });
      }
    });
}

const isTrace = ({ kind }: PendingDeletion): boolean => kind === 'trace';

/** @returns why nothing was deleted, where the platform cannot. */
async function deleteAll(
  batch: readonly PendingDeletion[],
  { platform, cancelled }: { readonly platform: Platform; readonly cancelled: AbortSignal },
): Promise<string | undefined> {
  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(deadlineMs)]);
  const targets = batch.map(({ targetId }) => targetId);
  if (batch[0]?.kind === 'trace') {
    if (platform.deleteTraces === undefined) return 'the platform deletes no traces';
    await platform.deleteTraces(targets, signal);
    return undefined;
  }
  if (platform.deleteScore === undefined) return 'the platform deletes no scores';
  for (const target of targets) await platform.deleteScore(target, signal);
  return undefined;
}

// Away or busy: the workflow waits, where people see it.
function waitFor(error: unknown): DrainReply | undefined {
  if (!AssayError.is(error)) return undefined;
  if (error.code === 'POSTGRES_UNREACHABLE') throw error;
  if (error.entry.retry === 'never' && error.retryAfterMs === undefined) return undefined;
  return { state: 'wait', waitMs: error.retryAfterMs ?? 5_000, reason: error.message };
}
