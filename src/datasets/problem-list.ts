import { AssayError, type Problem } from '../core/errors/assay-error.js';

/** More problems than this say nothing new; the count of the rest is told. */
const mostProblems = 50;

/** Gathers what is wrong with a dataset while it streams by: the first problems are kept, all are counted. */
export interface ProblemList {
  readonly count: number;
  /** `place`: the line or index, so that what is found late is told in the order of the file. */
  add(problem: Problem, place?: number): void;
  /** @throws AssayError DATASET_INVALID where there is any. */
  throwIfAny(dataset: string): void;
}

/** Makes an empty list. */
export function createProblemList(): ProblemList {
  const kept: { readonly problem: Problem; readonly place: number }[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(problem, place = Number.POSITIVE_INFINITY) {
      count += 1;
      // Twice as many: problems that are found last, such as repeated ids, may stand first in the file.
      if (kept.length < 2 * mostProblems) kept.push({ problem, place });
    },
    throwIfAny(dataset) {
      if (count === 0) return;
      const shown = [...kept]
        .sort((a, b) => (a.place === b.place ? 0 : a.place - b.place))
        .slice(0, mostProblems)
        .map(({ problem }) => problem);
      const first = count > shown.length ? ` (the first ${shown.length} are listed)` : '';
      throw new AssayError(
        'DATASET_INVALID',
        `The dataset "${dataset}" has ${count} problem${count === 1 ? '' : 's'}${first}.`,
        { problems: shown },
      );
    },
  };
}
