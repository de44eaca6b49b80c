import type { PlatformMigrationActivities } from '../../contracts/platform-migration.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { isWhole } from '../../core/migration/parity.js';
import { moveFigures } from '../../store/moves/figures.js';
import { endMove, findMove } from '../../store/moves/moves.js';
import { moveReport } from '../../store/moves/report.js';
import type { MigrationPorts } from './ports.js';

/** Ends a move: its report is made of its rows. */
export function createEndMove({
  store,
}: Pick<MigrationPorts, 'store'>): PlatformMigrationActivities['endMove'] {
  return async ({ migrationId, error, cancelled = false }) => {
    const move = await findMove(store, migrationId);
    if (move === undefined) throw new AssayError('INTERNAL', `There is no move ${migrationId}.`);
    const { dryRun } = move.spec;
    const kinds = await moveFigures(store, { migrationId, planned: dryRun });
    const status = cancelled
      ? 'cancelled'
      : error !== undefined
        ? 'failed'
        : dryRun
          ? 'planned'
          : isWhole(kinds)
            ? 'verified'
            : 'differs';
    await endMove(store, migrationId, { status, ...(error === undefined ? {} : { error }) });
    const ended = await findMove(store, migrationId);
    return moveReport(store, ended ?? move);
  };
}
