import type { Selectable } from 'kysely';

import { experimentSpecSchema, type ExperimentSpec } from '../contracts/experiment-spec.js';
import type { RunPause, RunStop } from '../contracts/experiment-protocol.js';
import { manifestSchema, type Manifest } from '../contracts/manifest.js';
import type { PlatformRun, RunContext } from '../contracts/publication.js';
import type { ExperimentStatus } from '../contracts/records.js';
import { AssayError, type ErrorDocument } from '../core/errors/assay-error.js';
import { experimentId } from '../core/experiment/naming.js';
import type { Json } from '../core/json/json.js';
import { countOf } from './query.js';
import type { Store } from './store.js';
import type { ExperimentsTable } from './tables.js';

/** A run as it is recorded. What has not happened yet is undefined. */
export interface ExperimentRecord {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly slug: string;
  readonly runUid: string;
  readonly spec: ExperimentSpec;
  readonly specHash: string;
  readonly manifest: Manifest | undefined;
  readonly manifestHash: string | undefined;
  readonly status: ExperimentStatus;
  readonly workflowId: string;
  readonly workflowRunId: string | undefined;
  readonly platformRuns: readonly PlatformRun[];
  readonly context: RunContext | undefined;
  /** Why it stands still, while it is paused. */
  readonly pause: RunPause | undefined;
  /** Cells: items × repetitions. */
  readonly planned: number;
  readonly seed: number;
  readonly concurrency: number;
  readonly codeHash: string | undefined;
  readonly summary: Json | undefined;
  readonly error: ErrorDocument | undefined;
  readonly createdAt: string;
  readonly plannedAt: string | undefined;
  readonly startedAt: string | undefined;
  readonly cellsDoneAt: string | undefined;
  /** When the scores of the run as a whole were first put out. */
  readonly scoredAt: string | undefined;
  readonly cancelRequestedAt: string | undefined;
  readonly finishedAt: string | undefined;
  /** Its bodies are gone, or going: figures, scores and report are left. */
  readonly prunedAt: string | undefined;
  /** What ended it before all of its cells were run; undefined again once the others were run after all. */
  readonly earlyStop: RunStop | undefined;
}

export interface NewExperiment {
  readonly project: string;
  readonly name: string;
  readonly slug: string;
  readonly runUid: string;
  readonly spec: ExperimentSpec;
  readonly specHash: string;
  readonly workflowId: string;
  readonly workflowRunId?: string;
  readonly codeHash?: string;
  /** Known from the first moment, so that a second submission can be told what differs. */
  readonly manifest?: Manifest;
  readonly manifestHash?: string;
}

export interface ExperimentPlan {
  readonly manifest: Manifest;
  readonly manifestHash: string;
  readonly platformRuns: readonly PlatformRun[];
  readonly context: RunContext;
  /** Cells: items × repetitions. */
  readonly planned: number;
  /** Where the plan decides it: the identity of the code that the cells will run. */
  readonly codeHash?: string;
}

const active: readonly ExperimentStatus[] = [
  'planning',
  'running',
  'paused',
  'publishing',
  'verifying',
];
// Whoever plans a run again makes it run, unless somebody paused it meanwhile: only a resume ends that.
const mayRun: readonly ExperimentStatus[] = active.filter((each) => each !== 'paused');

/** The record of a row; the json columns are parsed by the driver, and spec and manifest by their schema here. */
export function experimentOfRow(row: Selectable<ExperimentsTable>): ExperimentRecord {
  return {
    id: row.id,
    project: row.project,
    name: row.name,
    slug: row.slug,
    runUid: row.run_uid,
    spec: experimentSpecSchema.parse(row.spec),
    specHash: row.spec_hash,
    manifest: row.manifest === null ? undefined : manifestSchema.parse(row.manifest),
    manifestHash: row.manifest_hash ?? undefined,
    status: row.status,
    workflowId: row.workflow_id,
    workflowRunId: row.workflow_run_id ?? undefined,
    platformRuns: row.platform_runs as unknown as readonly PlatformRun[],
    context: (row.context ?? undefined) as RunContext | undefined,
    pause: (row.pause ?? undefined) as RunPause | undefined,
    planned: row.planned,
    seed: row.seed,
    concurrency: row.concurrency,
    codeHash: row.code_hash ?? undefined,
    summary: row.summary ?? undefined,
    error: (row.error ?? undefined) as ErrorDocument | undefined,
    createdAt: row.created_at,
    plannedAt: row.planned_at ?? undefined,
    startedAt: row.started_at ?? undefined,
    cellsDoneAt: row.cells_done_at ?? undefined,
    scoredAt: row.scored_at ?? undefined,
    cancelRequestedAt: row.cancel_requested_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    prunedAt: row.prune_started_at ?? undefined,
    earlyStop: (row.early_stop ?? undefined) as RunStop | undefined,
  };
}

export const experimentMissing = (id: string): AssayError =>
  new AssayError('EXPERIMENT_NOT_FOUND', `There is no experiment "${id}".`);

/** Records a run that is about to be planned; one of the same project and name is returned untouched. */
export async function insertExperiment(
  store: Store,
  experiment: NewExperiment,
): Promise<{ readonly inserted: boolean; readonly experiment: ExperimentRecord }> {
  const id = experimentId(experiment.project, experiment.name);
  await store.db
    .insertInto('assay.projects')
    .values({ id: experiment.project })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await store.db
    .insertInto('assay.experiments')
    .values({
      id,
      project: experiment.project,
      name: experiment.name,
      slug: experiment.slug,
      run_uid: experiment.runUid,
      spec: JSON.stringify(experiment.spec),
      spec_hash: experiment.specHash,
      status: 'planning',
      workflow_id: experiment.workflowId,
      workflow_run_id: experiment.workflowRunId ?? null,
      seed: experiment.spec.seed,
      concurrency: experiment.spec.concurrency,
      code_hash: experiment.codeHash ?? null,
      manifest: experiment.manifest === undefined ? null : JSON.stringify(experiment.manifest),
      manifest_hash: experiment.manifestHash ?? null,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row !== undefined) return { inserted: true, experiment: experimentOfRow(row) };
  return { inserted: false, experiment: await getExperiment(store, id) };
}

/** The run of a project and name, if there is one. */
export async function findExperiment(
  store: Store,
  of: { readonly project: string; readonly name: string },
): Promise<ExperimentRecord | undefined> {
  const row = await store.db
    .selectFrom('assay.experiments')
    .selectAll()
    .where('id', '=', experimentId(of.project, of.name))
    .executeTakeFirst();
  return row === undefined ? undefined : experimentOfRow(row);
}

/** @throws AssayError EXPERIMENT_NOT_FOUND */
export async function getExperiment(store: Store, id: string): Promise<ExperimentRecord> {
  const row = await store.db
    .selectFrom('assay.experiments')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw experimentMissing(id);
  return experimentOfRow(row);
}

/** Records what planning decided. Repeating it (a retried activity) writes the same again. */
export async function recordPlan(store: Store, id: string, plan: ExperimentPlan): Promise<void> {
  const written = await countOf(
    store,
    `update assay.experiments
        set manifest = $2, manifest_hash = $3, platform_runs = $4, context = $5, planned = $6,
            code_hash = coalesce($7, code_hash), planned_at = coalesce(planned_at, clock_timestamp())
      where id = $1`,
    [
      id,
      JSON.stringify(plan.manifest),
      plan.manifestHash,
      JSON.stringify(plan.platformRuns),
      JSON.stringify(plan.context),
      plan.planned,
      plan.codeHash ?? null,
    ],
  );
  if (written === 0) throw experimentMissing(id);
}

/** Notes that a platform is ready for a run which is being planned. Repeating it writes nothing. */
export async function recordPlatformRun(store: Store, id: string, run: PlatformRun): Promise<void> {
  await countOf(
    store,
    `update assay.experiments
        set platform_runs = (platform_runs::jsonb || jsonb_build_array($2::jsonb))::json
      where id = $1 and planned_at is null
        and not platform_runs::jsonb @> jsonb_build_array(jsonb_build_object('platform', $3::text))`,
    [id, JSON.stringify(run), run.platform],
  );
}

/**
 * Moves a run to another status, and notes when it first ran.
 *
 * @param change.from only out of these; default all that are not final, so that a late activity never wakes a
 *   run that has ended; `running` comes from `paused` only by a resume.
 * @returns false where the run was in none of `from`.
 */
export async function setStatus(
  store: Store,
  id: string,
  change: {
    readonly status: ExperimentStatus;
    readonly from?: readonly ExperimentStatus[];
    readonly workflowRunId?: string;
  },
): Promise<boolean> {
  const written = await countOf(
    store,
    `update assay.experiments
        set status = $2, workflow_run_id = coalesce($4, workflow_run_id),
            started_at = case when $2 = 'running' then coalesce(started_at, clock_timestamp())
                              else started_at end,
            pause = case when $2 = 'paused' then pause end,
            finished_at = case when status = any($5) then finished_at end
      where id = $1 and status = any($3)`,
    [
      id,
      change.status,
      change.from ?? (change.status === 'running' ? mayRun : active),
      change.workflowRunId ?? null,
      active,
    ],
  );
  return written > 0;
}
