/** A ranking, and the grades of what is relevant. */
export interface Ranking {
  /** Best first; an id that comes again counts where it came first. */
  readonly retrieved: readonly string[];
  /** Positive grades by id; what is not there is not relevant. */
  readonly relevant: ReadonlyMap<string, number>;
}

/** The relevant ones of the first k, divided by k: places that were left empty count as misses (trec_eval's P_k). */
export function precisionAt(k: number, ranking: Ranking): number {
  return hits(k, ranking) / k;
}

/** The relevant ones of the first k, divided by all relevant ones; at least one must be relevant. */
export function recallAt(k: number, ranking: Ranking): number {
  return hits(k, ranking) / ranking.relevant.size;
}

/** 1 ÷ the rank of the first relevant one, 0 where none was found; its mean over items is the MRR (Voorhees, TREC-8, 1999). */
export function reciprocalRank({ retrieved, relevant }: Ranking): number {
  const at = unique(retrieved).findIndex((id) => relevant.has(id));
  return at < 0 ? 0 : 1 / (at + 1);
}

/**
 * DCG of the first k ÷ DCG of the best possible order: DCG = Σ gain ÷ log2(rank + 1).
 *
 * Source: Järvelin and Kekäläinen (2002), "Cumulated gain-based evaluation of IR techniques", with the discount of
 * Burges et al. (2005), whose gain is `exponential` (2^grade − 1). With `linear` the gain is the grade, as in trec_eval and
 * scikit-learn's ndcg_score. Grades of 1 make both the same: binary nDCG.
 */
export function ndcgAt(
  k: number,
  ranking: Ranking & { readonly gain: 'linear' | 'exponential' },
): number {
  const { retrieved, relevant, gain } = ranking;
  const gainOf = (grade: number): number => (gain === 'linear' ? grade : 2 ** grade - 1);
  const dcg = (grades: readonly number[]): number =>
    grades.slice(0, k).reduce((sum, grade, index) => sum + gainOf(grade) / Math.log2(index + 2), 0);
  const best = dcg([...relevant.values()].sort((a, b) => b - a));
  return dcg(unique(retrieved).map((id) => relevant.get(id) ?? 0)) / best;
}

function hits(k: number, { retrieved, relevant }: Ranking): number {
  return unique(retrieved)
    .slice(0, k)
    .filter((id) => relevant.has(id)).length;
}

const unique = (ids: readonly string[]): readonly string[] => [...new Set(ids)];
