import { decompress } from './compression.js';
import { rowsOf } from './query.js';
import type { Store } from './store.js';

/** The name of the artefact that holds what judges said of their anchors. */
export const anchorsArtefact = 'anchors.json';

/**
 * The cell whose journal holds the calls about anchors: the run's first one. They are calls of the run and of no item, and the
 * journal knows calls by cells.
 */
export async function anchorCell(store: Store, experimentId: string): Promise<string | undefined> {
  const [row] = await rowsOf<{ id: string }>(
    store,
    `select id from assay.experiment_cells
      where experiment_id = $1 and pass = 1 order by position limit 1`,
    [experimentId],
  );
  return row?.id;
}

/** What judges said in runs of the project that were created before this one, the latest first. */
export async function* earlierAnchors(
  store: Store,
  of: { readonly project: string; readonly experimentId: string; readonly most: number },
): AsyncGenerator<{ readonly experiment: string; readonly body: string }, void, undefined> {
  const rows = await rowsOf<{ id: string; name: string }>(
    store,
    `select e.id, e.name from assay.experiments e
       join assay.artefacts a on a.experiment_id = e.id and a.name = $3
      where e.project = $1 and e.id <> $2
        and e.created_at < (select created_at from assay.experiments where id = $2)
      order by e.created_at desc limit $4`,
    [of.project, of.experimentId, anchorsArtefact, of.most],
  );
  for (const { id, name } of rows) {
    const [found] = await rowsOf<{ body: Buffer }>(
      store,
      `select body from assay.artefacts where experiment_id = $1 and name = $2`,
      [id, anchorsArtefact],
    );
    if (found === undefined) continue;
    yield { experiment: name, body: (await decompress(found.body)).toString('utf8') };
  }
}
