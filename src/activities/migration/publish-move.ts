import type { DrainReply } from '../../contracts/experiment-protocol.js';
import type { PlatformMigrationActivities } from '../../contracts/platform-migration.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { readCursor } from '../../store/moves/cursors.js';
import { findMove } from '../../store/moves/moves.js';
import { openPublisherSession } from '../../store/publisher/session.js';
import { createExporter } from '../experiment/export.js';
import { drainOutbox } from '../experiment/publish.js';
import { withHeartbeat } from '../heartbeat.js';
import { describeSides } from './moving.js';
import type { MigrationPorts } from './ports.js';

/** Drains the outbox of a move, by the rules by which runs are published: one publisher at a time, and nothing twice. */
export function createPublishMove(
  ports: MigrationPorts,
): PlatformMigrationActivities['publishMove'] {
  return ({ migrationId }) =>
    withHeartbeat(async (beat): Promise<DrainReply> => {
      const move = await findMove(ports.store, migrationId);
      if (move === undefined) throw new AssayError('INTERNAL', `There is no move ${migrationId}.`);
      const sides = await describeSides(move, { ports, signal: beat.cancelled }).catch(
        (error: unknown) => {
          if (!AssayError.is(error) || error.entry.retry === 'never') throw error;
          const waitMs = error.retryAfterMs ?? 5_000;
          return { state: 'wait', waitMs, reason: error.message } as const;
        },
      );
      if ('state' in sides) return sides;
      const { target: platform } = sides;
      const opened = await openPublisherSession(ports.databaseUrl, {
        platform: platform.name,
        partition: migrationId,
        holder: ports.holder,
      });
      if (opened.state === 'held') {
        const by = opened.by === undefined ? 'another publisher' : opened.by.holder;
        return { state: 'wait', waitMs: 1_000, reason: `${by} is publishing this move` };
      }
      const { session } = opened;
      try {
        const exporter = createExporter({
          platform,
          session,
          visibilityMs: ports.project.config.platform.visibilityDeadlineMs,
          log: ports.log,
        });
        const closed = async (): Promise<boolean> =>
          (await readCursor(ports.store, { migrationId, kind: 'outbox', container: '' })).done;
        return await drainOutbox({ closed, session, exporter, platform, beat, ports });
      } finally {
        await session.close();
      }
    });
}
