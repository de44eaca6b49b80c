import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import type { Manifest } from '../../contracts/manifest.js';
import type { PassDetails, PassRequest } from '../../contracts/pass.js';
import type { PlatformRun } from '../../contracts/publication.js';
import type { ExperimentStatus } from '../../contracts/records.js';
import { countOf, rowsOf, type Queryable } from '../query.js';
import { withTransaction, type Store } from '../store.js';
import { findOpenPass, type OpenPass } from './pass-records.js';
import { insertPassCells } from './pass-cells.js';

/** A pass as it is about to be opened. */
export interface NewPass {
  readonly experimentId: string;
  readonly request: PassRequest;
  readonly requestHash: string;
  readonly token: string;
  readonly workflowRunId: string;
  /** The manifest that the decision was made upon; where it is another by now, nothing is opened. */
  readonly manifestHash: string | undefined;
  readonly details: PassDetails;
  /** What the run is from now on, where the pass changes it. */
  readonly changes?: {
    readonly manifest: Manifest;
    readonly manifestHash: string;
    readonly spec: ExperimentSpec;
    readonly platformRuns: readonly PlatformRun[];
  };
}

/** What came of it. */
export type OpenedPass =
  | { readonly state: 'opened' | 'going_on'; readonly pass: OpenPass }
  /** Another pass goes on. */
  | { readonly state: 'busy'; readonly pass: OpenPass }
  /** The run itself goes on. */
  | { readonly state: 'running'; readonly status: ExperimentStatus }
  | { readonly state: 'pruned' }
  /** The run was changed since it was looked at: look again. */
  | { readonly state: 'changed' }
  /** No cell is such that the pass would have something to do. */
  | { readonly state: 'nothing' };

interface RunRow {
  readonly status: ExperimentStatus;
  readonly manifest_hash: string | null;
  readonly pruning: boolean;
}

const final: readonly ExperimentStatus[] = [
  'completed',
  'completed_unverified',
  'cancelled',
  'failed',
];

export interface OpenPassOptions {
  /** Cells that one statement looks at. Default 5,000. */
  readonly pageSize?: number;
  /** Told how many rows of work are written. */
  readonly onProgress?: (cells: number) => void;
}

/**
 * Opens a pass over a run that has ended, with its rows of work, all or nothing: the run is `running` again (or `publishing`,
 * for another look at the platform) the moment that the pass is there. The row of the run is locked meanwhile, so of two
 * commands one is first.
 *
 * @throws AssayError INTERNAL, to be tried again, where cells changed meanwhile; then nothing is written.
 */
export async function openPass(
  store: Store,
  pass: NewPass,
  options: OpenPassOptions = {},
): Promise<OpenedPass> {
  return withTransaction(store, async (on): Promise<OpenedPass> => {
    const [run] = await rowsOf<RunRow>(
      on,
      `select status, manifest_hash, prune_started_at is not null as pruning
         from assay.experiments where id = $1 for update`,
      [pass.experimentId],
    );
    const open = await findOpenPass(on, pass.experimentId);
    if (open !== undefined) {
      // The answer to the first try was lost.
      if (open.token === pass.token) return { state: 'opened', pass: open };
      const same = open.requestHash === pass.requestHash;
      return { state: same ? 'going_on' : 'busy', pass: open };
    }
    if (run === undefined || !final.includes(run.status)) {
      return { state: 'running', status: run?.status ?? 'planning' };
    }
    if (run.pruning) return { state: 'pruned' };
    if ((run.manifest_hash ?? undefined) !== pass.manifestHash) return { state: 'changed' };
    return openOn(on, { pass, run, options });
  });
}

async function openOn(
  on: Queryable,
  of: { readonly pass: NewPass; readonly run: RunRow; readonly options: OpenPassOptions },
): Promise<OpenedPass> {
  const { pass, run, options } = of;
  const { experimentId, request } = pass;
  const [next] = await rowsOf<{ pass: number }>(
    on,
    `select coalesce(max(pass), 1) + 1 as pass from assay.experiment_passes where experiment_id = $1`,
    [experimentId],
  );
  const number = next?.pass ?? 2;
  const cells = await insertPassCells(on, { experimentId, pass: number, request, ...options });
  if (cells === 0 && request.kind !== 'verify') return { state: 'nothing' };
  await countOf(
    on,
    `insert into assay.experiment_passes
       (experiment_id, pass, kind, request, request_hash, token, status_before, error_before, cells, details)
     select id, $2, $3, $4, $5, $6, status, error, $7, $8 from assay.experiments where id = $1`,
    [
      experimentId,
      number,
      request.kind,
      JSON.stringify(request),
      pass.requestHash,
      pass.token,
      cells,
      JSON.stringify(pass.details),
    ],
  );
  await changeRun(on, pass, run);
  const open = await findOpenPass(on, experimentId);
  if (open === undefined) throw new Error('The pass that was just opened is not there.');
  return { state: 'opened', pass: open };
}

async function changeRun(on: Queryable, pass: NewPass, run: RunRow): Promise<void> {
  const { changes, request } = pass;
  const looksOnly = request.kind === 'verify';
  await countOf(
    on,
    `update assay.experiments
        set status = $2, workflow_run_id = $3, finished_at = null, error = null, cancel_requested_at = null,
            abort_requested_at = null, pause = null,
            cells_done_at = case when $4 then cells_done_at end,
            manifest = coalesce($5::json, manifest), manifest_hash = coalesce($6, manifest_hash),
            spec = coalesce($7::json, spec), platform_runs = coalesce($8::json, platform_runs),
            planned = (select coalesce(sum(cells), 0) from assay.cell_counts where experiment_id = $1)
      where id = $1 and status = $9`,
    [
      pass.experimentId,
      looksOnly ? 'publishing' : 'running',
      pass.workflowRunId,
      looksOnly,
      changes === undefined ? null : JSON.stringify(changes.manifest),
      changes?.manifestHash ?? null,
      changes === undefined ? null : JSON.stringify(changes.spec),
      changes === undefined ? null : JSON.stringify(changes.platformRuns),
      run.status,
    ],
  );
}
