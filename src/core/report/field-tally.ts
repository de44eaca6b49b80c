import type { ScoreRecord } from '../../contracts/records.js';
import { ClusteredMean, meanInterval } from '../statistics/clustered.js';
import { cellPassed } from './cell-passed.js';
import { compareText } from './frequency-table.js';
import { labelOf } from './label.js';
import { RateTally } from './rate-tally.js';
import type { ReportCell } from './report-input.js';
import type { FieldBreakdown, FieldValue, Finding, RateReport } from './report-model.js';

const mostFields = 24;
const mostValues = 20;
const mostScores = 50;

interface ScoreSums {
  n: number;
  readonly rate: RateTally;
  readonly values: ClusteredMean;
}

/** The results of a group of cells. */
class GroupTally {
  #cells = 0;
  #errors = 0;
  readonly #overall = new RateTally();
  readonly #scores = new Map<string, ScoreSums>();

  add(cell: ReportCell, informative: ReadonlySet<string>): void {
    this.#cells += 1;
    if (cell.status === 'target_error' || cell.status === 'evaluator_error') this.#errors += 1;
    const passed = cell.status === 'ok' ? cellPassed(cell, informative) : undefined;
    if (passed !== undefined) this.#overall.add(passed, cell.itemId);
    for (const score of cell.scores) this.#addScore(score, cell.itemId);
  }

  get cells(): number {
    return this.#cells;
  }

  get scoreNames(): readonly string[] {
    return [...this.#scores.keys()];
  }

  rate(score: string): RateTally | undefined {
    return this.#scores.get(score)?.rate;
  }

  report(value: string): FieldValue {
    return {
      value,
      cells: this.#cells,
      errors: this.#errors,
      overall: this.#overall.report(),
      scores: [...this.#scores]
        .sort(([a], [b]) => compareText(a, b))
        .map(([name, { n, rate, values }]) => ({
          name,
          n,
          passRate: rate.report(),
          mean: values.summary().mean ?? null,
          interval: meanInterval(values.summary()) ?? null,
        })),
    };
  }

  #addScore(score: ScoreRecord, itemId: string): void {
    let sums = this.#scores.get(score.name);
    if (sums === undefined) {
      if (this.#scores.size >= mostScores) return;
      sums = { n: 0, rate: new RateTally(), values: new ClusteredMean() };
      this.#scores.set(score.name, sums);
    }
    sums.n += 1;
    if (score.passed !== undefined) sums.rate.add(score.passed, itemId);
    if (score.value.type === 'NUMERIC' && Number.isFinite(score.value.value)) {
      sums.values.add(score.value.value, itemId);
    }
  }
}

interface Grouping {
  readonly field: string;
  readonly groups: readonly (readonly [string, GroupTally])[];
  readonly withValue: number;
}

interface Contrast {
  readonly score: string;
  readonly here: RateReport;
  readonly elsewhere: RateReport;
}

const fewestCells = 5;

function contrast(asked: {
  readonly score: string;
  readonly group: GroupTally;
  readonly others: readonly GroupTally[];
}): readonly Contrast[] {
  const { score, group, others } = asked;
  const here = group.rate(score)?.report() ?? null;
  const elsewhere = RateTally.reportOf(
    others.map((other) => other.rate(score)).filter((rate) => rate !== undefined),
  );
  if (here === null || elsewhere === null || here.n < fewestCells) return [];
  return here.interval.high < elsewhere.interval.low ? [{ score, here, elsewhere }] : [];
}

function gap(contrasted: Contrast): number {
  return contrasted.elsewhere.rate - contrasted.here.rate;
}

/**
 * Results by the values of the items' metadata fields, of the first 24 fields that have at most 20 values; a field
 * with more is an id or a text, and is dropped.
 */
export class FieldTally {
  readonly #fields = new Map<string, Map<string, GroupTally> | 'dropped'>();
  readonly #informative: ReadonlySet<string>;
  #cells = 0;

  /** @param informative evaluators whose scores pass and fail no cell. */
  constructor(informative: ReadonlySet<string>) {
    this.#informative = informative;
  }

  add(cell: ReportCell): void {
    this.#cells += 1;
    for (const [field, value] of Object.entries(cell.item.metadata)) {
      const label = labelOf(value);
      if (label !== undefined) this.#group(field, label)?.add(cell, this.#informative);
    }
  }

  /** Fields with at least two values; values with most cells first. */
  report(): readonly FieldBreakdown[] {
    return this.#groupings().map(({ field, groups, withValue }) => ({
      field,
      values: groups.map(([value, group]) => group.report(value)),
      withoutValue: this.#cells - withValue,
    }));
  }

  /**
   * Values whose pass rate is so much lower than that of the other values together that the 95 % intervals do not
   * meet: a mark for a reader, stricter than a test at 5 %, since many pairs are looked at.
   */
  findings(): readonly (Finding & { readonly kind: 'field' })[] {
    return this.#groupings()
      .flatMap(({ field, groups }) =>
        groups.flatMap(([value, group]) => {
          const others = groups.filter(([, other]) => other !== group).map(([, other]) => other);
          const [worst] = group.scoreNames
            .flatMap((score) => contrast({ score, group, others }))
            .sort((a, b) => gap(b) - gap(a) || compareText(a.score, b.score));
          return worst === undefined ? [] : [{ kind: 'field' as const, field, value, ...worst }];
        }),
      )
      .sort((a, b) => gap(b) - gap(a));
  }

  #groupings(): readonly Grouping[] {
    return [...this.#fields]
      .flatMap(([field, values]) => {
        if (values === 'dropped' || values.size < 2) return [];
        const groups = [...values].sort(([a, x], [b, y]) => y.cells - x.cells || compareText(a, b));
        const withValue = groups.reduce((sum, [, group]) => sum + group.cells, 0);
        // As many values as cells: the field names items, it does not group them.
        return withValue < 2 * groups.length ? [] : [{ field, groups, withValue }];
      })
      .sort((a, b) => compareText(a.field, b.field));
  }

  #group(field: string, label: string): GroupTally | undefined {
    let values = this.#fields.get(field);
    if (values === undefined) {
      if (this.#fields.size >= mostFields) return undefined;
      values = new Map();
      this.#fields.set(field, values);
    }
    if (values === 'dropped') return undefined;
    let group = values.get(label);
    if (group === undefined) {
      if (values.size >= mostValues) {
        this.#fields.set(field, 'dropped');
        return undefined;
      }
      group = new GroupTally();
      values.set(label, group);
    }
    return group;
  }
}
