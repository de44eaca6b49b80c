import type {
  MoveSlice,
  MoveStep,
  PlatformMigrationActivities,
} from '../../contracts/platform-migration.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { putCursor } from '../../store/moves/cursors.js';
import { withHeartbeat } from '../heartbeat.js';
import { takeInventory } from './inventory.js';
import { moveDatasets } from './move-datasets.js';
import { movePrompts } from './move-prompts.js';
import { moveTraces } from './move-traces.js';
import { openMoving, type Moving } from './moving.js';
import type { MigrationPorts } from './ports.js';
import { sweepTraces } from './sweep.js';
import { verifyMove } from './verify-move.js';

/** The wait where a platform that is away does not say how long. */
const askAgainMs = 5_000;

/** What one step came to: the step that is next, or this one where it is not over. */
type Stepped = Pick<MoveSlice, 'step' | 'unseen'>;

/** Goes on with a move for a while. Where it stands is in rows, so that whoever goes on repeats at most a page. */
export function createMoveSlice(ports: MigrationPorts): PlatformMigrationActivities['moveSlice'] {
  return ({ migrationId, step, sliceMs, lastLook = false }) =>
    withHeartbeat(async (beat): Promise<MoveSlice> => {
      let progress = 0;
      let at = '';
      const tell = (settled: number, where: string): void => {
        progress += settled;
        at = where;
        beat.tell({ step, progress, at });
      };
      try {
        const signal = AbortSignal.any([beat.cancelled]);
        const moving = await openMoving(migrationId, { ports, sliceMs, signal, tell });
        return { ...(await take(moving, step, lastLook)), progress, at };
      } catch (error) {
        if (!AssayError.is(error) || beat.cancelled.aborted) throw error;
        if (error.code !== 'PLATFORM_UNREACHABLE') throw error;
        const away = { error: error.toJSON(), waitMs: error.retryAfterMs ?? askAgainMs };
        return { step, progress, at, away };
      }
    });
}

async function take(moving: Moving, step: MoveStep, lastLook: boolean): Promise<Stepped> {
  const { id: migrationId, parts, store, move } = moving;
  const then = (done: boolean, next: MoveStep): Stepped => ({ step: done ? next : step });
  switch (step) {
    case 'inventory':
      return then(await takeInventory(moving), move.spec.dryRun ? 'done' : 'datasets');
    case 'datasets':
      return then(!parts.includes('datasets') || (await moveDatasets(moving)), 'prompts');
    case 'prompts':
      return then(!parts.includes('prompts') || (await movePrompts(moving)), 'traces');
    case 'traces': {
      const groups = parts.includes('experiments') || parts.includes('traces');
      const done = !groups || ((await moveTraces(moving)) && (await sweepTraces(moving)));
      if (done) {
        const key = { migrationId, kind: 'outbox', container: '' } as const;
        await putCursor(store, key, { cursor: undefined, done: true });
      }
      return then(done, 'verifying');
    }
    case 'verifying': {
      const unseen = await verifyMove(moving, { lastLook });
      return unseen === 0
        ? { step: 'done' }
        : { step, ...(unseen === undefined ? {} : { unseen }) };
    }
    case 'done':
      return { step };
  }
}
