import type { BaselineRecord, StaleReason } from '../../contracts/baseline.js';
import { manifestSchema, type Manifest } from '../../contracts/manifest.js';
import { countOf, rowsOf, type Queryable } from '../query.js';
import { withTransaction, type Store } from '../store.js';

interface BaselineRow {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly dataset: string;
  readonly run: string;
  readonly experiment_id: string;
  readonly run_uid: string;
  readonly manifest: unknown;
  readonly manifest_hash: string;
  readonly version: number;
  readonly cells: number;
  readonly promoted: boolean;
  readonly promoted_at: string | null;
  readonly stale: readonly StaleReason[] | null;
  readonly stale_at: string | null;
  readonly created_at: string;
  readonly renewed_at: string | null;
}

const selection = `
  select b.*, e.name as run from assay.baselines b join assay.experiments e on e.id = b.experiment_id`;

const baselineOfRow = (row: BaselineRow): BaselineRecord => ({
  id: row.id,
  project: row.project,
  name: row.name,
  dataset: row.dataset,
  run: row.run,
  experimentId: row.experiment_id,
  runUid: row.run_uid,
  manifest: manifestSchema.parse(row.manifest),
  manifestHash: row.manifest_hash,
  version: row.version,
  cells: row.cells,
  promoted: row.promoted,
  promotedAt: row.promoted_at ?? undefined,
  stale: row.stale ?? [],
  staleAt: row.stale_at ?? undefined,
  createdAt: row.created_at,
  renewedAt: row.renewed_at ?? undefined,
});

/** What a baseline pins beside its cells. */
export interface BaselineContent {
  readonly experimentId: string;
  readonly runUid: string;
  readonly manifest: Manifest;
  readonly manifestHash: string;
}

/**
 * Takes a name for a baseline that is about to be written; one that is there as a whole is left as it is. What a save that
 * never ended has left is taken over: of one name there is one command at a time.
 *
 * @returns the row that has the name; its version is 0 while nothing of it counts.
 */
export async function reserveBaseline(
  on: Queryable,
  baseline: BaselineContent & {
    readonly project: string;
    readonly name: string;
    readonly dataset: string;
  },
): Promise<BaselineRecord> {
  const { project, name } = baseline;
  await countOf(
    on,
    `insert into assay.baselines as b (project, name, dataset, experiment_id, run_uid, manifest, manifest_hash)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (project, name) do update
        set dataset = excluded.dataset, experiment_id = excluded.experiment_id, run_uid = excluded.run_uid,
            manifest = excluded.manifest, manifest_hash = excluded.manifest_hash
      where b.version = 0`,
    [
      project,
      name,
      baseline.dataset,
      baseline.experimentId,
      baseline.runUid,
      JSON.stringify(baseline.manifest),
      baseline.manifestHash,
    ],
  );
  const [row] = await rowsOf<BaselineRow>(on, `${selection} where b.project = $1 and b.name = $2`, [
    project,
    name,
  ]);
  if (row === undefined) throw new Error('The baseline that was just reserved is not there.');
  return baselineOfRow(row);
}

/** The baseline of a name, if it is there as a whole. */
export async function findBaseline(
  on: Queryable,
  of: { readonly project: string; readonly name: string },
): Promise<BaselineRecord | undefined> {
  const [row] = await rowsOf<BaselineRow>(
    on,
    `${selection} where b.project = $1 and b.name = $2 and b.version > 0`,
    [of.project, of.name],
  );
  return row === undefined ? undefined : baselineOfRow(row);
}

/** A baseline by its id, whatever it is called. */
export async function findBaselineById(
  on: Queryable,
  id: string,
): Promise<BaselineRecord | undefined> {
  const [row] = await rowsOf<BaselineRow>(on, `${selection} where b.id = $1 and b.version > 0`, [
    id,
  ]);
  return row === undefined ? undefined : baselineOfRow(row);
}

/** The baseline that gates of a dataset take where they are told no other. */
export async function findPromoted(
  on: Queryable,
  of: { readonly project: string; readonly dataset: string },
): Promise<BaselineRecord | undefined> {
  const [row] = await rowsOf<BaselineRow>(
    on,
    `${selection} where b.project = $1 and b.dataset = $2 and b.promoted and b.version > 0`,
    [of.project, of.dataset],
  );
  return row === undefined ? undefined : baselineOfRow(row);
}

/** The baselines of a project, the promoted ones first, then the newest. */
export async function listBaselines(
  on: Queryable,
  of: { readonly project: string; readonly dataset?: string },
): Promise<readonly BaselineRecord[]> {
  const rows = await rowsOf<BaselineRow>(
    on,
    `${selection}
      where b.project = $1 and ($2::text is null or b.dataset = $2) and b.version > 0
      order by b.dataset collate "C", b.promoted desc, b.created_at desc, b.id desc limit 1000`,
    [of.project, of.dataset ?? null],
  );
  return rows.map(baselineOfRow);
}

/**
 * Makes a written version the one that counts, and drops what there was before. Content and cells change together: nobody
 * sees new scores under an old manifest.
 *
 * @returns false where another version counts already: somebody else was first.
 */
export async function countVersion(
  store: Store,
  next: BaselineContent & {
    readonly baselineId: string;
    readonly version: number;
    readonly cells: number;
  },
): Promise<boolean> {
  return withTransaction(store, async (on) => {
    const written = await countOf(
      on,
      `update assay.baselines
          set version = $2, cells = $3, manifest = $4, manifest_hash = $5, stale = null, stale_at = null,
              renewed_at = case when $2 > 1 then clock_timestamp() end
        where id = $1 and version = $2 - 1`,
      [next.baselineId, next.version, next.cells, JSON.stringify(next.manifest), next.manifestHash],
    );
    if (written === 0) return false;
    await countOf(on, 'delete from assay.baseline_cells where baseline_id = $1 and version <> $2', [
      next.baselineId,
      next.version,
    ]);
    return true;
  });
}

/** Makes it the one that gates of its dataset take. @returns false where it was that already. */
export async function promoteBaseline(store: Store, baseline: BaselineRecord): Promise<boolean> {
  const { id, project, dataset } = baseline;
  return withTransaction(store, async (on) => {
    // Two promotions at once come one after the other, or each would take the mark of one that it does not see.
    await on.query('select from assay.projects where id = $1 for update', [project]);
    await countOf(
      on,
      `update assay.baselines set promoted = false where project = $1 and dataset = $2 and promoted and id <> $3`,
      [project, dataset, id],
    );
    const written = await countOf(
      on,
      `update assay.baselines set promoted = true, promoted_at = clock_timestamp()
        where id = $1 and not promoted`,
      [id],
    );
    return written > 0;
  });
}

/**
 * Forgets a baseline with its cells, unless gates take it by themselves or one that runs was admitted against it.
 *
 * @returns the names of the gates that run against it; with any nothing is deleted. `promoted`: it is, and stays.
 */
export async function deleteBaseline(
  store: Store,
  { id, project }: Pick<BaselineRecord, 'id' | 'project'>,
): Promise<{ readonly promoted: boolean; readonly gates: readonly string[] }> {
  return withTransaction(store, async (on) => {
    // As a promotion takes it: of the two the one that comes second finds what the first has left.
    await on.query('select from assay.projects where id = $1 for update', [project]);
    const [row] = await rowsOf<{ promoted: boolean; gates: readonly string[] }>(
      on,
      `select b.promoted,
              array(select g.name from assay.gates g
                     where g.project = b.project and g.status = 'running'
                       and g.plan #>> '{base,baselineId}' = b.id::text order by g.name limit 20) as gates
         from assay.baselines b where b.id = $1`,
      [id],
    );
    const { promoted = false, gates = [] } = row ?? {};
    if (!promoted && gates.length === 0) {
      await countOf(on, 'delete from assay.baselines where id = $1', [id]);
    }
    return { promoted, gates };
  });
}

/** Notes how a baseline stands against today; none takes the mark away. The time of an unchanged finding stays. */
export async function markStale(
  on: Queryable,
  { baselineId, version }: { readonly baselineId: string; readonly version: number },
  reasons: readonly StaleReason[],
): Promise<void> {
  const found = reasons.length === 0 ? null : JSON.stringify(reasons);
  await countOf(
    on,
    `update assay.baselines
        set stale = $3::text::json, stale_at = case when $3::text is not null then clock_timestamp() end
      where id = $1 and version = $2 and stale::text is distinct from $3::text`,
    [baselineId, version, found],
  );
}
