import type { PlatformMigrationActivities } from '../../contracts/platform-migration.js';
import { rowsOf } from '../../store/query.js';
import { dropCursors } from '../../store/moves/cursors.js';
import { beginMove, dropFound } from '../../store/moves/moves.js';
import { forgetVerified } from '../../store/moves/verified.js';
import { platformsOf } from './moving.js';
import type { MigrationPorts } from './ports.js';

/** Records a move; one that ended before goes on: what it had verified is verified anew. */
export function createBeginMove(ports: MigrationPorts): PlatformMigrationActivities['beginMove'] {
  return async (spec) => {
    const { store } = ports;
    platformsOf(spec.direction, ports);
    await rowsOf(store, `insert into assay.projects (id) values ($1) on conflict do nothing`, [
      spec.project,
    ]);
    const { id: migrationId } = await beginMove(store, spec);
    // A dry run looks afresh each time.
    if (spec.dryRun) await dropFound(store, migrationId);
    await forgetVerified(store, migrationId);
    // The source is looked at again, and what is found is sent.
    for (const kind of ['verify', 'sweep', 'outbox'] as const) {
      await dropCursors(store, { migrationId, kind });
    }
    return { migrationId, visibleMs: ports.project.config.platform.visibilityDeadlineMs };
  };
}
