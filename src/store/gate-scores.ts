import type { RunScoresRecord } from '../contracts/publication.js';
import { countOf, type Queryable } from './query.js';
import { putRunScores } from './run-scores.js';

/**
 * Puts the scores of a verdict into the outbox of the run that it is on, in the transaction that records the verdict. Those of an
 * earlier verdict on the same run leave it: a score's id is its key on the platform, so that these replace them there. Such
 * that are given no more are noted for deletion. A record that holds anything else than verdicts is none of theirs.
 *
 * @param put.earlier ids of the scores of earlier verdicts on the run.
 */
export async function putVerdictScores(
  on: Queryable,
  put: {
    readonly experimentId: string;
    readonly platform: string;
    readonly records: readonly RunScoresRecord[];
    readonly earlier: readonly string[];
  },
): Promise<void> {
  const ids = put.records.flatMap((record) => record.ids);
  const verdicts = [...new Set([...ids, ...put.earlier])];
  await countOf(
    on,
    `with taken as (
       delete from assay.outbox
        where experiment_id = $1 and platform = $2 and run_id is not null and ids <@ $4::text[]
       returning ids
     )
     insert into assay.platform_deletions as d (experiment_id, platform, kind, target_id, pass)
     select distinct $1, $2, 'score', id, 1 from taken, unnest(taken.ids) as t (id) where id <> all($3)
     on conflict (experiment_id, platform, kind, target_id)
       do update set done_at = null, refused = null, pass = excluded.pass`,
    [put.experimentId, put.platform, ids, verdicts],
  );
  // A pass over the run may have asked for the deletion of earlier ones.
  await countOf(
    on,
    `delete from assay.platform_deletions
      where experiment_id = $1 and platform = $2 and kind = 'score' and target_id = any($3)`,
    [put.experimentId, put.platform, ids],
  );
  await putRunScores(on, { ...put, partition: put.experimentId });
}

/** Notes how many of a run's own scores the platform shows. */
export async function recordRunScoresFound(
  on: Queryable,
  found: { readonly experimentId: string; readonly platform: string; readonly scores: number },
): Promise<void> {
  await countOf(
    on,
    `insert into assay.publication (experiment_id, platform, verified_run_scores) values ($1, $2, $3)
     on conflict (experiment_id, platform) do update set verified_run_scores = excluded.verified_run_scores`,
    [found.experimentId, found.platform, found.scores],
  );
}
