import type { MoveReport } from '../../contracts/platform-migration.js';
import type { Queryable } from '../query.js';
import { moveFigures } from './figures.js';
import type { MoveRecord } from './moves.js';

/** A move as it stands, from its rows. */
export async function moveReport(on: Queryable, move: MoveRecord): Promise<MoveReport> {
  const { id: migrationId, name, direction, spec, status, source, target, waiting, error } = move;
  return {
    name,
    direction,
    dryRun: spec.dryRun,
    status,
    ...(source === undefined ? {} : { source }),
    ...(target === undefined ? {} : { target }),
    ...(waiting === undefined ? {} : { waiting }),
    ...(error === undefined ? {} : { error }),
    kinds: await moveFigures(on, { migrationId, planned: spec.dryRun }),
    resends: move.resends,
    startedAt: move.createdAt,
    updatedAt: move.updatedAt,
  };
}
