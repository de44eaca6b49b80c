/** How often one label was expected, given, and both. */
export interface LabelCounts {
  /** At least 1. */
  readonly expected: number;
  readonly given: number;
  readonly correct: number;
}

/** How well one label is found. */
export interface LabelFigures {
  /** correct ÷ given; null where it was never given. */
  readonly precision: number | null;
  /** correct ÷ expected. */
  readonly recall: number;
  /** 2PR ÷ (P + R), in counts: 2 × correct ÷ (expected + given), which is defined as soon as the label was expected. */
  readonly f1: number;
}

/** The figures of one label; source: van Rijsbergen (1979), "Information Retrieval", chapter 7. */
export function labelFigures({ expected, given, correct }: LabelCounts): LabelFigures {
  return {
    precision: given === 0 ? null : correct / given,
    recall: correct / expected,
    f1: (2 * correct) / (expected + given),
  };
}

/** Cells with one pair of labels. */
export interface CountedPair {
  readonly expected: string;
  readonly given: string;
  readonly n: number;
}

/** A classification as a whole. */
export interface Classification {
  readonly n: number;
  readonly correct: number;
  /** correct ÷ n. */
  readonly accuracy: number;
  /** The mean F1 of the expected labels, each with the same weight, as scikit-learn's with `labels` = those expected. */
  readonly macroF1: number;
  /** The expected labels, most frequent first. */
  readonly classes: readonly (LabelCounts & LabelFigures & { readonly label: string })[];
}

/** More different expected labels than this are no classes. */
export const mostClasses = 100;

/** The figures of all cells of a run by their pairs of labels; undefined where there are none, or the labels are no classes. */
export function classificationOf(pairs: readonly CountedPair[]): Classification | undefined {
  const expected = new Map<string, number>();
  const given = new Map<string, number>();
  const correct = new Map<string, number>();
  const count = (counts: Map<string, number>, label: string, n: number): void => {
    counts.set(label, (counts.get(label) ?? 0) + n);
  };
  for (const pair of pairs) {
    count(expected, pair.expected, pair.n);
    count(given, pair.given, pair.n);
    if (pair.expected === pair.given) count(correct, pair.expected, pair.n);
  }
  if (expected.size === 0 || expected.size > mostClasses) return undefined;
  const classes = [...expected]
    .map(([label, n]) => {
      const counts = {
        expected: n,
        given: given.get(label) ?? 0,
        correct: correct.get(label) ?? 0,
      };
      return { label, ...counts, ...labelFigures(counts) };
    })
    .sort((a, b) => b.expected - a.expected || (a.label < b.label ? -1 : 1));
  const sum = (of: (one: (typeof classes)[number]) => number): number =>
    classes.reduce((total, one) => total + of(one), 0);
  const n = sum((one) => one.expected);
  const right = sum((one) => one.correct);
  return {
    n,
    correct: right,
    accuracy: right / n,
    macroF1: sum(({ f1 }) => f1) / classes.length,
    classes,
  };
}
