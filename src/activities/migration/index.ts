import type { PlatformMigrationActivities } from '../../contracts/platform-migration.js';
import { noteWaiting } from '../../store/moves/moves.js';
import { withFailures } from '../failures.js';
import { createBeginMove } from './begin-move.js';
import { createEndMove } from './end-move.js';
import { createMoveSlice } from './move-slice.js';
import type { MigrationPorts } from './ports.js';
import { createPublishMove } from './publish-move.js';

/** The activities of moves between platforms. */
export function createMigrationActivities(ports: MigrationPorts): {
  readonly publishing: PlatformMigrationActivities;
} {
  return {
    publishing: withFailures({
      beginMove: createBeginMove(ports),
      moveSlice: createMoveSlice(ports),
      publishMove: createPublishMove(ports),
      noteMove: ({ migrationId, waiting }) => noteWaiting(ports.store, migrationId, waiting),
      endMove: createEndMove(ports),
    }),
  };
}
