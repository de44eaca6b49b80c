import {
  passRequestSchema,
  type PassDetails,
  type PassKind,
  type PassOutcome,
  type PassRecord,
} from '../../contracts/pass.js';
import type { ExperimentStatus } from '../../contracts/records.js';
import type { ErrorDocument } from '../../core/errors/assay-error.js';
import { rowsOf, type Queryable } from '../query.js';

interface Row {
  readonly pass: number;
  readonly kind: PassKind;
  readonly request: unknown;
  readonly request_hash: string;
  readonly token: string;
  readonly status_before: ExperimentStatus;
  readonly error_before: ErrorDocument | null;
  readonly cells: number;
  readonly details: PassDetails;
  readonly created_at: string;
  readonly finished_at: string | null;
  readonly status_after: ExperimentStatus | null;
  readonly outcome: PassOutcome | null;
}

const columns = `pass, kind, request, request_hash, token, status_before, error_before, cells, details,
  created_at, finished_at, status_after, outcome`;

/** A pass that goes on, and who asked for it. */
export interface OpenPass extends PassRecord {
  readonly requestHash: string;
  readonly token: string;
}

const ofRow = (row: Row): OpenPass => ({
  pass: row.pass,
  kind: row.kind,
  request: passRequestSchema.parse(row.request),
  requestHash: row.request_hash,
  token: row.token,
  statusBefore: row.status_before,
  errorBefore: row.error_before ?? undefined,
  cells: row.cells,
  details: row.details,
  createdAt: row.created_at,
  finishedAt: row.finished_at ?? undefined,
  statusAfter: row.status_after ?? undefined,
  outcome: row.outcome ?? undefined,
});

/** The pass over a run that goes on; undefined where the run itself goes on or all has ended. */
export async function findOpenPass(
  on: Queryable,
  experimentId: string,
): Promise<OpenPass | undefined> {
  const [row] = await rowsOf<Row>(
    on,
    `select ${columns} from assay.experiment_passes where experiment_id = $1 and finished_at is null`,
    [experimentId],
  );
  return row === undefined ? undefined : ofRow(row);
}

/** All passes over a run but the first, which is the run itself; the oldest first. */
export async function listPasses(
  on: Queryable,
  experimentId: string,
): Promise<readonly PassRecord[]> {
  const rows = await rowsOf<Row>(
    on,
    `select ${columns} from assay.experiment_passes where experiment_id = $1 order by pass`,
    [experimentId],
  );
  return rows.map((row) => {
    const { requestHash: _hash, token: _token, ...record } = ofRow(row);
    return record;
  });
}
