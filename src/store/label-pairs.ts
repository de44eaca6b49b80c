import type { LabelPairFigures } from '../contracts/publication.js';
import { rowsOf, type Queryable } from './query.js';
import { usualPage, type Walking } from './walk.js';

/** More different pairs than this are no labels but texts. */
const mostPairs = 20_000;

/**
 * The pairs of labels that classification evaluators saw, counted by repetition: the given one is the score's value, the
 * expected one stands alone in the passed or failed items of its comment. Empty where there are too many to be labels.
 */
export async function labelPairs(
  on: Queryable,
  of: { readonly experimentId: string; readonly evaluators: readonly string[] } & Walking,
): Promise<readonly LabelPairFigures[]> {
  const { experimentId, evaluators, pageSize = usualPage, onProgress } = of;
  if (evaluators.length === 0) return [];
  const [last] = await rowsOf<{ end: number }>(
    on,
    `select coalesce(max(ordinal) + 1, 0) as "end" from assay.experiment_items where experiment_id = $1`,
    [experimentId],
  );
  const end = last?.end ?? 0;
  const pairs = new Map<string, LabelPairFigures>();
  for (let from = 0; from < end; from += pageSize) {
    const page = await rowsOf<LabelPairFigures>(on, pageQuery, [
      experimentId,
      from,
      from + pageSize,
      evaluators,
      mostPairs + 1,
    ]);
    for (const pair of page) {
      const key = JSON.stringify([pair.repetition, pair.evaluator, pair.expected, pair.given]);
      pairs.set(key, { ...pair, n: pair.n + (pairs.get(key)?.n ?? 0) });
    }
    if (pairs.size > mostPairs) return [];
    onProgress?.(Math.min(from + pageSize, end));
  }
  return [...pairs.values()];
}

const pageQuery = `
  select c.repetition, s.evaluator, s.expected, s.given, count(*)::int as n
    from assay.experiment_cells c
    cross join lateral (
      select evaluator, text_value as given,
             coalesce(comment -> 'passed_items' ->> 0, comment -> 'failed_items' ->> 0) as expected
        from assay.scores
       where cell_id = c.id and evaluator = any($4) and type = 'CATEGORICAL' offset 0) s
   where c.experiment_id = $1 and c.ordinal >= $2 and c.ordinal < $3 and c.latest and s.expected is not null
   group by 1, 2, 3, 4 limit $5`;
