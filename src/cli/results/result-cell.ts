import type { Experiments } from '../../client/experiments.js';
import type { ReportCell } from '../../core/report/index.js';

/** A cell as the client gives it. */
export type ResultCell =
  ReturnType<Experiments['results']> extends AsyncIterable<infer Cell> ? Cell : never;

/** A cell as the writers of the report take it. One that was skipped before it ran has no trace. */
export function toReportCell(cell: ResultCell): ReportCell {
  return { ...cell, traceId: cell.traceId ?? '' };
}
