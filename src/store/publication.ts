import type { PublicationCounts } from '../contracts/records.js';
import { countOf, rowsOf } from './query.js';
import type { Store } from './store.js';

/**
 * What each platform holds of a run against what was put into the outbox for it so far: sums that are kept while the outbox is
 * written, so that a look at a run of a million cells reads a few rows. A trace counts as sent once all of its span rows are;
 * scores of the run as a whole are counted apart; `refused` counts span and score ids, and what was refused is in no other
 * figure (a trace whose root was refused is none).
 */
export async function publicationCounts(
  store: Store,
  experimentId: string,
): Promise<readonly PublicationCounts[]> {
  return rowsOf<PublicationCounts>(
    store,
    // Each row that adds to a trace is of another one, but where somebody judged again before the last judgement was sent:
    // then fewer traces count as sent than are, until all is.
    `with kept as (
       select platform, sum(traces)::int as traces,
              greatest(sum(sent_traces) - sum(waiting_additions), 0)::int as sent_traces,
              sum(scores)::int as scores, sum(sent_scores)::int as sent_scores,
              sum(run_scores)::int as run_scores, sum(refused)::int as refused
         from assay.outbox_counts where experiment_id = $1 group by platform
     )
     select platform,
            coalesce(k.traces, 0) as "expectedTraces", coalesce(k.sent_traces, 0) as "sentTraces",
            coalesce(p.verified_traces, 0) as "verifiedTraces",
            coalesce(k.scores, 0) as "expectedScores", coalesce(k.sent_scores, 0) as "sentScores",
            coalesce(p.verified_scores, 0) as "verifiedScores",
            coalesce(k.run_scores, 0) as "expectedRunScores",
            coalesce(p.verified_run_scores, 0) as "verifiedRunScores",
            coalesce(p.duplicate_spans, 0) as "duplicateSpans",
            coalesce(p.ambiguous_resends, 0) as "ambiguousResends",
            coalesce(p.takeovers, 0) as takeovers, coalesce(k.refused, 0) as refused
       from (select * from assay.publication where experiment_id = $1) p
       full join kept k using (platform)
      order by platform`,
    [experimentId],
  );
}

/** What a read-back found; the last one counts. */
export interface Verification {
  readonly experimentId: string;
  readonly platform: string;
  readonly verifiedTraces: number;
  readonly verifiedScores: number;
  readonly verifiedRunScores: number;
  readonly duplicateSpans: number;
}

/** Records the absolute figures of a read-back. */
export async function recordVerification(store: Store, found: Verification): Promise<void> {
  await countOf(
    store,
    `insert into assay.publication
       (experiment_id, platform, verified_traces, verified_scores, verified_run_scores,
        duplicate_spans, verified_at)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp())
     on conflict (experiment_id, platform) do update
       set verified_traces = excluded.verified_traces, verified_scores = excluded.verified_scores,
           verified_run_scores = excluded.verified_run_scores,
           duplicate_spans = excluded.duplicate_spans, verified_at = excluded.verified_at`,
    [
      found.experimentId,
      found.platform,
      found.verifiedTraces,
      found.verifiedScores,
      found.verifiedRunScores,
      found.duplicateSpans,
    ],
  );
}
