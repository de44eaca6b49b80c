import type { CellCounts } from '../../contracts/records.js';
import type { PassRequest } from '../../contracts/pass.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { createCellOrder } from '../../core/experiment/order.js';
import { countOf, rowsOf, type Queryable } from '../query.js';
import { usualPage, type Walking } from '../walk.js';

/** A place in a walk over the cells of a run, by their key. */
type Key = readonly [ordinal: number, repetition: number, revision: number];
const beforeAll: Key = [-1, 0, 0];

/** One page of a walk: what of it is to be done, and where the next one begins. */
interface Page<Work> {
  readonly work: readonly Work[];
  readonly next: Key | undefined;
}

interface Walk<Work> {
  page(after: Key): Promise<Page<Work>>;
  /** Writes the rows of work; `positions` are their places in the pass. */
  insert(work: readonly Work[], positions: readonly number[]): Promise<number>;
}

interface PassCells extends Walking {
  readonly experimentId: string;
  readonly pass: number;
  readonly request: PassRequest;
}

/**
 * Writes the rows of work of a pass, in the seeded random order, page by page within the caller's transaction: first they are
 * counted, since a place in the order depends on how many there are.
 *
 * @returns how many there are.
 * @throws AssayError INTERNAL, to be tried again, where cells changed between the count and the writing.
 */
export async function insertPassCells(on: Queryable, of: PassCells): Promise<number> {
  const { request } = of;
  switch (request.kind) {
    case 'retry': {
      const failed = ['target_error', 'evaluator_error'];
      const statuses = request.includeSkipped ? [...failed, 'skipped'] : failed;
      return insertAll(on, of, {
        page: (after) => cellsAfter(on, of, { after, which: retried, values: [statuses] }),
        insert: (ids, positions) => insertBeside(on, of, { ids, positions, statement: retry }),
      });
    }
    case 'rejudge':
      return insertAll(on, of, {
        page: (after) => cellsAfter(on, of, { after, which: judged, values: [] }),
        insert: (ids, positions) => insertBeside(on, of, { ids, positions, statement: rejudge }),
      });
    case 'extend': {
      const { repetitions } = request;
      return insertAll(on, of, {
        page: (after) => missingAfter(on, of, { after, repetitions }),
        insert: (work, positions) => insertNew(on, of, { work, positions }),
      });
    }
    case 'verify':
      return 0;
  }
}

async function insertAll<Work>(on: Queryable, of: PassCells, walk: Walk<Work>): Promise<number> {
  let cells = 0;
  for await (const work of pagesOf(walk)) cells += work.length;
  if (cells === 0) return 0;
  const position = createCellOrder({ seed: await seedOf(on, of), cells });
  let written = 0;
  for await (const work of pagesOf(walk)) {
    const from = written;
    if (from + work.length > cells) throw changed(of);
    written += await walk.insert(
      work,
      work.map((_, index) => position(from + index)),
    );
    of.onProgress?.(written);
  }
  if (written !== cells) throw changed(of);
  return cells;
}

async function* pagesOf<Work>(walk: Walk<Work>): AsyncGenerator<readonly Work[], void, undefined> {
  let after: Key | undefined = beforeAll;
  while (after !== undefined) {
    const { work, next }: Page<Work> = await walk.page(after);
    if (work.length > 0) yield work;
    after = next;
  }
}

const retried = 'c.latest and c.status = any($6)';
const judged = `c.latest and c.output is not null and c.status <> 'pending'`;

/** A page of the cells there are. Which of them are meant is asked of the page alone, so that no statement looks for long. */
async function cellsAfter(
  on: Queryable,
  { experimentId, pageSize = usualPage }: PassCells,
  of: { readonly after: Key; readonly which: string; readonly values: readonly unknown[] },
): Promise<Page<string>> {
  const [row] = await rowsOf<{ ids: readonly string[]; last: Key | null }>(
    on,
    `with page as materialized (
       select c.id, c.ordinal, c.repetition, c.revision, ${of.which} as wanted
         from assay.experiment_cells c
        where c.experiment_id = $1 and (c.ordinal, c.repetition, c.revision) > ($2, $3, $4)
        order by c.ordinal, c.repetition, c.revision limit $5
     )
     select array(select id::text from page where wanted order by ordinal, repetition) as ids,
            (select array[ordinal, repetition, revision] from page
              order by ordinal desc, repetition desc, revision desc limit 1) as last`,
    [experimentId, ...of.after, pageSize, ...of.values],
  );
  return { work: row?.ids ?? [], next: row?.last ?? undefined };
}

interface Repetition {
  readonly ordinal: number;
  readonly repetition: number;
}

/** The repetitions that are not there yet of a page of items. */
async function missingAfter(
  on: Queryable,
  { experimentId, pageSize = usualPage }: PassCells,
  { after, repetitions }: { readonly after: Key; readonly repetitions: number },
): Promise<Page<Repetition>> {
  const rows = await rowsOf<Repetition & { readonly there: boolean }>(
    on,
    `select i.ordinal, t.repetition,
            exists (select from assay.experiment_cells c
                     where c.experiment_id = $1 and c.ordinal = i.ordinal
                       and c.repetition = t.repetition) as there
       from (select ordinal from assay.experiment_items
              where experiment_id = $1 and ordinal > $2 order by ordinal limit $4) i
      cross join generate_series(1, $3::int) as t (repetition)
      order by i.ordinal, t.repetition`,
    [experimentId, after[0], repetitions, Math.max(1, Math.floor(pageSize / repetitions))],
  );
  const last = rows.at(-1);
  return {
    work: rows.filter(({ there }) => !there),
    next: last === undefined ? undefined : [last.ordinal, 0, 0],
  };
}

/** Failed cells get a new revision; the failed one is no longer the latest. */
const retry = `
  with work as (
    select c.id, c.ordinal, c.repetition, t.position,
           (select max(r.revision) from assay.experiment_cells r
             where r.experiment_id = c.experiment_id and r.ordinal = c.ordinal
               and r.repetition = c.repetition) + 1 as revision
      from unnest($3::bigint[], $4::int[]) as t (id, position)
      join assay.experiment_cells c using (id)
  ), followed as (
    update assay.experiment_cells c set latest = false from work where c.id = work.id
  )
  insert into assay.experiment_cells
    (experiment_id, ordinal, repetition, revision, pass, position, supersedes)
  select $1, ordinal, repetition, revision, $2, position, id from work`;

/** A judgement beside each cell with an output. */
const rejudge = `
  insert into assay.experiment_cells
    (experiment_id, ordinal, repetition, revision, latest, pass, position, supersedes)
  select $1, c.ordinal, c.repetition, -$2::int, false, $2, t.position, c.id
    from unnest($3::bigint[], $4::int[]) as t (id, position)
    join assay.experiment_cells c using (id)`;

const insertBeside = (
  on: Queryable,
  { experimentId, pass }: PassCells,
  of: {
    readonly ids: readonly string[];
    readonly positions: readonly number[];
    readonly statement: string;
  },
): Promise<number> => countOf(on, of.statement, [experimentId, pass, of.ids, of.positions]);

const insertNew = (
  on: Queryable,
  { experimentId, pass }: PassCells,
  of: { readonly work: readonly Repetition[]; readonly positions: readonly number[] },
): Promise<number> =>
  countOf(
    on,
    `insert into assay.experiment_cells (experiment_id, ordinal, repetition, pass, position)
     select $1, t.ordinal, t.repetition, $2, t.position
       from unnest($3::int[], $4::int[], $5::int[]) as t (ordinal, repetition, position)`,
    [
      experimentId,
      pass,
      of.work.map(({ ordinal }) => ordinal),
      of.work.map(({ repetition }) => repetition),
      of.positions,
    ],
  );

async function seedOf(on: Queryable, { experimentId }: PassCells): Promise<number> {
  const [row] = await rowsOf<{ seed: number }>(
    on,
    'select seed from assay.experiments where id = $1',
    [experimentId],
  );
  if (row === undefined) throw new AssayError('INTERNAL', `There is no run "${experimentId}".`);
  return row.seed;
}

const changed = ({ experimentId }: PassCells): AssayError =>
  new AssayError('INTERNAL', `Cells of "${experimentId}" changed while a pass was opened.`, {
    retryAfterMs: 1_000,
  });

/**
 * Where the rows of a pass stand: sums that are kept while they are written. A judgement that was made is `ok`, whatever it says; one that was given up is
 * `evaluator_error` where its cell lost scores by it, and `skipped` where the cell stays as it was.
 */
export async function countPassCells(
  on: Queryable,
  of: { readonly experimentId: string; readonly pass: number },
): Promise<CellCounts> {
  const rows = await rowsOf<{ status: keyof CellCounts; cells: number }>(
    on,
    `select status, sum(cells)::int as cells from assay.pass_counts
      where experiment_id = $1 and pass = $2 group by status`,
    [of.experimentId, of.pass],
  );
  const counts = { planned: 0, pending: 0, ok: 0, target_error: 0, evaluator_error: 0, skipped: 0 };
  for (const { status, cells } of rows) {
    counts[status] = cells;
    counts.planned += cells;
  }
  return counts;
}
