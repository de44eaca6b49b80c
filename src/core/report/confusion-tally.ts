import { labelFigures } from '../evaluation/classification.js';
import type { Json } from '../json/json.js';
import { FrequencyTable, compareText } from './frequency-table.js';
import { labelAt, type LabelRule } from './label.js';
import type { ClassReport, ConfusionReport } from './report-model.js';

/** What stands for an output without a label at the path. */
export const noLabel = '(no label)';
/** What stands for given labels that nobody expected and that came when the table was full. */
const otherLabel = '(other)';

const mostExpected = 24;
const mostGiven = 40;

/** A pair of labels of one cell. */
export interface LabelPair {
  readonly expected: string;
  readonly got: string;
}

/**
 * Counts expected against given labels. Gives no report where the expected values are no categories: more than 24
 * different ones, or hardly any that comes twice.
 */
export class ConfusionTally {
  readonly #rule: LabelRule;
  readonly #rows = new Map<string, FrequencyTable>();
  readonly #given = new Set<string>();
  #tooMany = false;
  #n = 0;

  constructor(rule: LabelRule) {
    this.#rule = rule;
  }

  /** The pair of a cell, or undefined where its expectation holds no label. */
  pairOf(expected: Json | undefined, output: Json | undefined): LabelPair | undefined {
    const label = labelAt(expected, this.#rule);
    if (label === undefined) return undefined;
    return { expected: label, got: labelAt(output, this.#rule) ?? noLabel };
  }

  add(pair: LabelPair): void {
    if (this.#tooMany) return;
    this.#n += 1;
    let row = this.#rows.get(pair.expected);
    if (row === undefined) {
      if (this.#rows.size >= mostExpected) {
        this.#tooMany = true;
        this.#rows.clear();
        return;
      }
      row = new FrequencyTable(mostGiven + 2);
      this.#rows.set(pair.expected, row);
    }
    row.add(this.#bounded(pair));
  }

  #bounded({ expected, got }: LabelPair): string {
    if (got === expected || this.#given.has(got)) return got;
    if (this.#given.size >= mostGiven) return otherLabel;
    this.#given.add(got);
    return got;
  }

  /** Whether the expected values are categories by what was seen. */
  get isCategorical(): boolean {
    return !this.#tooMany && this.#rows.size >= 2 && this.#n >= 2 * this.#rows.size;
  }

  report(): ConfusionReport | null {
    if (!this.isCategorical) return null;
    const expected = [...this.#rows].sort(([a, x], [b, y]) => y.n - x.n || compareText(a, b));
    const known = new Set(expected.map(([label]) => label));
    const others = [...new Set(expected.flatMap(([, row]) => row.top().map((f) => f.label)))]
      .filter((label) => !known.has(label))
      .sort(compareText);
    const labels = [...known, ...others];
    const counts = labels.map((label) => {
      const row = this.#rows.get(label);
      return labels.map((given) => row?.get(given) ?? 0);
    });
    const classes = expected.map(([label], i) => classReport(label, i, counts));
    return {
      path: this.#rule.path,
      n: this.#n,
      correct: classes.reduce((sum, entry) => sum + entry.correct, 0),
      labels,
      counts,
      classes,
      macroF1: classes.reduce((sum, entry) => sum + entry.f1, 0) / classes.length,
    };
  }
}

function classReport(
  label: string,
  index: number,
  counts: readonly (readonly number[])[],
): ClassReport {
  const expected = (counts[index] ?? []).reduce((sum, n) => sum + n, 0);
  const given = counts.reduce((sum, row) => sum + (row[index] ?? 0), 0);
  const correct = counts[index]?.[index] ?? 0;
  const own = { expected, given, correct };
  return { label, ...own, ...labelFigures(own) };
}
