import { randomUUID } from 'node:crypto';

import type { DevServerContext } from '../context.js';
import { toJsonb } from '../db/text.js';
import { notFound } from '../http/errors.js';
import { readable } from './readable.js';

export interface RunRow {
  readonly id: string;
  readonly dataset_id: string;
  readonly name: string;
  readonly description: string | null;
  readonly metadata: unknown;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export interface RunItemRow {
  readonly id: string;
  readonly run_id: string;
  readonly item_id: string;
  readonly trace_id: string;
  readonly observation_id: string | null;
  readonly created_at: Date;
}

interface RunItemWrite {
  readonly datasetId: string;
  readonly runName: string;
  readonly runDescription?: string | null | undefined;
  readonly metadata?: unknown;
  readonly datasetItemId: string;
  readonly traceId: string;
  readonly observationId?: string | null | undefined;
}

/** Links a trace to an item in a run, which the first link makes; the last link of an item stays. */
export async function storeRunItem(
  { database, project, visibility }: DevServerContext,
  write: RunItemWrite,
): Promise<unknown> {
  const id = randomUUID();
  const row = await database.transaction(async (queries) => {
    // Description and metadata of the first use stay; the empty update makes `returning` give the row.
    const [run] = await queries.rows<{ id: string }>(
      `insert into dataset_runs as r (project_id, id, dataset_id, name, description, metadata)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (project_id, dataset_id, name) do update set name = r.name returning id`,
      [
        project.id,
        randomUUID(),
        write.datasetId,
        write.runName,
        write.runDescription ?? null,
        toJsonb(write.metadata),
      ],
    );
    const runId = run?.id ?? '';
    // Two links of one item at the same time: without the lock both would be the last.
    await queries.rows('select pg_advisory_xact_lock(hashtextextended($1, 730002))', [
      `${runId} ${write.datasetItemId}`,
    ]);
    const [moment] = await queries.rows<{ now: Date; visible: Date }>(
      `select n as now, n + $1 * interval '1 millisecond' as visible from date_trunc('milliseconds', clock_timestamp()) n`,
      [visibility.scoresMs()],
    );
    await queries.rows(
      `update dataset_run_items set superseded_at = $4
       where project_id = $1 and run_id = $2 and item_id = $3 and superseded_at = 'infinity'`,
      [project.id, runId, write.datasetItemId, moment?.visible],
    );
    const [inserted] = await queries.rows<RunItemRow>(
      `insert into dataset_run_items
         (project_id, id, run_id, item_id, trace_id, observation_id, visible_at, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8) returning *`,
      [
        project.id,
        id,
        runId,
        write.datasetItemId,
        write.traceId,
        write.observationId ?? null,
        moment?.visible,
        moment?.now,
      ],
    );
    return inserted;
  });
  if (row === undefined) throw new Error('the insert returned no row');
  return runItemView(row, write.runName);
}

/** The run of a dataset, or the recorded 404. */
export async function runByName(
  { database, project }: DevServerContext,
  { datasetId, runName }: { datasetId: string; runName: string },
): Promise<RunRow> {
  const [run] = await database.rows<RunRow>(
    'select * from dataset_runs where project_id = $1 and dataset_id = $2 and name = $3',
    [project.id, datasetId, runName],
  );
  if (run === undefined) throw notFound('Dataset run not found');
  return run;
}

/** The readable items of a run, newest first; all of them without a page. */
export async function runItems(
  { database, project }: DevServerContext,
  runId: string,
  page: { limit: number; offset: number } | undefined,
): Promise<{ rows: readonly RunItemRow[]; total: number }> {
  const from = `from dataset_run_items i where i.project_id = $1 and i.run_id = $2 and ${readable('i')}`;
  const [rows, [count]] = await Promise.all([
    database.rows<RunItemRow>(
      `select * ${from} order by i.created_at desc, i.seq desc limit $3 offset $4`,
      [project.id, runId, page?.limit ?? null, page?.offset ?? 0],
    ),
    database.rows<{ total: number }>(`select count(*)::int as total ${from}`, [project.id, runId]),
  ]);
  return { rows, total: count?.total ?? 0 };
}

export function runItemView(row: RunItemRow, runName: string) {
  return {
    id: row.id,
    traceId: row.trace_id,
    observationId: row.observation_id,
    datasetRunId: row.run_id,
    datasetRunName: runName,
    datasetItemId: row.item_id,
    createdAt: row.created_at,
    updatedAt: row.created_at,
  };
}

export function runView(row: RunRow, datasetName: string) {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    metadata: row.metadata,
    datasetId: row.dataset_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    datasetName,
  };
}
