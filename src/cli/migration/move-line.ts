import type { MoveReport } from '../../contracts/platform-migration.js';
import { carried } from '../../core/migration/parity.js';
import { kindNames } from '../../core/migration/report-markdown.js';

/** How a move stands, on one line. */
export function moveLine({ status, waiting, kinds }: MoveReport): string {
  const figures = kinds.map((kind) => {
    const done = kind.verified > 0 ? `${kind.verified} verified` : `${carried(kind)} carried`;
    return `${kindNames[kind.kind]} ${done} of ${kind.found}`;
  });
  const nothing = status === 'running' ? 'nothing found yet' : 'nothing was found';
  const waits = waiting === undefined ? '' : ` (waits: ${waiting})`;
  return `${status}: ${figures.length === 0 ? nothing : figures.join(', ')}${waits}`;
}
