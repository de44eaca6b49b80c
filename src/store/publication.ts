import type { PublicationCounts } from '../contracts/records.js';
import { countOf, rowsOf } from './query.js';
import type { Store } from './store.js';

/**
 * What each platform holds of a run against what was put into the outbox for it so far. A trace counts as sent once
 * all of its span rows are; scores of the run as a whole are counted apart; `refused` counts span and score ids, and
 * what was refused is in no other figure.
 */
export async function publicationCounts(
  store: Store,
  experimentId: string,
): Promise<readonly PublicationCounts[]> {
  return rowsOf<PublicationCounts>(
    store,
    `with entries as (
       select platform, kind, trace_id, sent_at is not null as sent, cardinality(ids) as ids,
              run_id is not null as of_run,
              coalesce(json_array_length(refused), 0) as refused
         from assay.outbox where experiment_id = $1
     ), traces as (
       select platform, trace_id, bool_and(sent) as sent
         from entries where kind = 'spans' and refused < ids group by platform, trace_id
     ), trace_counts as (
       select platform, count(*)::int as expected, count(*) filter (where sent)::int as sent
         from traces group by platform
     ), score_counts as (
       select platform,
              coalesce(sum(ids - refused) filter (where kind = 'scores' and not of_run), 0)::int
                as expected,
              coalesce(sum(ids - refused) filter (where kind = 'scores' and not of_run and sent), 0)::int
                as sent,
              coalesce(sum(ids - refused) filter (where of_run), 0)::int as of_run,
              sum(refused)::int as refused
         from entries group by platform
     )
     select platform,
            coalesce(t.expected, 0) as "expectedTraces", coalesce(t.sent, 0) as "sentTraces",
            coalesce(p.verified_traces, 0) as "verifiedTraces",
            coalesce(s.expected, 0) as "expectedScores", coalesce(s.sent, 0) as "sentScores",
            coalesce(p.verified_scores, 0) as "verifiedScores",
            coalesce(s.of_run, 0) as "expectedRunScores",
            coalesce(p.verified_run_scores, 0) as "verifiedRunScores",
            coalesce(p.duplicate_spans, 0) as "duplicateSpans",
            coalesce(p.ambiguous_resends, 0) as "ambiguousResends",
            coalesce(p.takeovers, 0) as takeovers, coalesce(s.refused, 0) as refused
       from (select * from assay.publication where experiment_id = $1) p
       full join score_counts s using (platform)
       left join trace_counts t using (platform)
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
