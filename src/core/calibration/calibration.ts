import type { PairPreference } from '../../contracts/records.js';
import type { CalibrationCase, CalibrationReport, JudgeFacts } from './calibration-report.js';
import { none, type Figure } from './figure.js';
import { kappaFigure } from './kappa.js';
import type { HumanLabel } from './label.js';
import { differenceFigure, meanFigure, shareFigure } from './rates.js';

/** What a case says once both have spoken. */
interface Judged {
  readonly human: string;
  readonly judge: string;
  /** 0 to 1, as people graded it and as the judge did. */
  readonly humanGrade: number;
  readonly judgeGrade: number;
  readonly length: number;
  readonly otherLength: number | undefined;
}

/** Holds a judge against what people said, case by case. A few numbers of each case are kept. */
export class Calibration {
  readonly #judge: JudgeFacts;
  readonly #judged: Judged[] = [];
  readonly #grades: number[] = [];
  readonly #orders: (readonly PairPreference[])[] = [];
  readonly #labels = new Map<string, number>();
  readonly #counts = {
    planned: 0,
    judged: 0,
    abstained: 0,
    errors: 0,
    notApplicable: 0,
    notReached: 0,
    unlabelled: 0,
    otherKind: 0,
  };

  constructor(judge: JudgeFacts) {
    this.#judge = judge;
  }

  add(one: CalibrationCase): void {
    const counts = this.#counts;
    counts.planned += 1;
    if (one.orders?.length === 2) this.#orders.push(one.orders);
    const human = one.label === undefined ? undefined : this.#humanOf(one.label);
    if (one.label === undefined) counts.unlabelled += 1;
    else if (human === undefined) counts.otherKind += 1;
    else this.#labels.set(human.label, (this.#labels.get(human.label) ?? 0) + 1);
    if (one.outcome !== 'scored') {
      counts[one.outcome] += 1;
      return;
    }
    counts.judged += 1;
    if (human === undefined) return;
    this.#judged.push({
      human: human.label,
      humanGrade: human.grade,
      judge: this.#judgeLabel(one),
      judgeGrade: this.#judge.kind === 'pairwise' ? one.score : one.passed ? 1 : 0,
      length: one.length,
      otherLength: one.otherLength,
    });
    if (one.label?.kind === 'grade') this.#grades.push(one.score - one.label.grade);
  }

  report(): CalibrationReport {
    const judged = this.#judged;
    const of = (human: string, judge: string): number =>
      judged.filter((each) => each.human === human && each.judge === judge).length;
    const labels = this.#judge.kind === 'pairwise' ? pairLabels : pointLabels;
    const [positive, negative] = labels;
    const table = labels.map((human) => labels.map((judge) => of(human, judge)));
    const withLabel = (label: string): number =>
      judged.filter(({ human }) => human === label).length;
    return {
      judge: this.#judge,
      counts: this.#counts,
      labels: labels.map((label) => ({ label, n: this.#labels.get(label) ?? 0 })),
      confusion: labels.flatMap((human) =>
        labels.map((judge) => ({ human, judge, n: of(human, judge) })),
      ),
      truePositiveRate: shareFigure(
        { successes: of(positive, positive), n: withLabel(positive) },
        this.#noneOf(positive),
      ),
      trueNegativeRate: shareFigure(
        { successes: of(negative, negative), n: withLabel(negative) },
        this.#noneOf(negative),
      ),
      agreement: shareFigure(
        {
          successes: judged.filter(({ human, judge }) => human === judge).length,
          n: judged.length,
        },
        this.#nothing(),
      ),
      kappa: this.#kappa(table),
      lengthBias: this.#lengthBias(),
      gradeDifference: this.#grades.length === 0 ? null : meanFigure(this.#grades, this.#nothing()),
      position: this.#judge.kind === 'pairwise' ? positionOf(this.#orders) : null,
    };
  }

  /** Undefined where the label is of another kind than the judge's verdicts. */
  #humanOf(label: HumanLabel): { readonly label: string; readonly grade: number } | undefined {
    const { kind, passAt } = this.#judge;
    if (label.kind === 'preference') {
      if (kind !== 'pairwise') return undefined;
      return { label: label.preferred, grade: preferenceGrade[label.preferred] };
    }
    if (kind === 'pairwise') return undefined;
    const passed = label.kind === 'verdict' ? label.passed : label.grade >= passAt - 1e-9;
    return { label: passed ? 'pass' : 'fail', grade: passed ? 1 : 0 };
  }

  #judgeLabel({ score, passed }: { readonly score: number; readonly passed: boolean }): string {
    if (this.#judge.kind !== 'pairwise') return passed ? 'pass' : 'fail';
    return score > 0.75 ? 'output' : score < 0.25 ? 'other' : 'tie';
  }

  #kappa(table: readonly (readonly number[])[]): Figure {
    if (this.#judged.length === 0) return none(this.#nothing());
    const given = [...new Set(this.#judged.map(({ human }) => human))];
    // With one class kappa is 0 whatever the judge does: a figure that says nothing.
    return given.length === 1
      ? none(`all judged items are labelled "${given[0] ?? ''}"`)
      : kappaFigure(table);
  }

  /** Why there is no figure of items that people labelled so. */
  #noneOf(label: string): string {
    return (this.#labels.get(label) ?? 0) === 0
      ? `no item is labelled "${label}"`
      : `the judge gave no verdict on any item that is labelled "${label}"`;
  }

  #nothing(): string {
    const { planned, abstained, errors, unlabelled, otherKind } = this.#counts;
    if (planned === 0) return 'there are no items';
    if (abstained === planned) return `the judge abstained on all ${planned} items`;
    if (errors === planned) return `the judge failed on all ${planned} items`;
    if (unlabelled === planned) return 'no item has a label';
    if (otherKind === planned) {
      return this.#judge.kind === 'pairwise'
        ? 'the labels are verdicts, and the judge compares two outputs'
        : 'the labels are preferences, and the judge looks at one output';
    }
    return 'no item has both a label and a verdict';
  }

  /**
   * How much more the judge gives to longer outputs than people do. Of one output: the mean of (judge − people) over those
   * longer than the median, less that over the others. Of pairs: the mean of (judge − people) towards the longer of the two.
   */
  #lengthBias(): Figure {
    const judged = this.#judged;
    if (judged.length === 0) return none(this.#nothing());
    const excess = ({ judgeGrade, humanGrade }: Judged): number => judgeGrade - humanGrade;
    if (this.#judge.kind === 'pairwise') {
      const towards = judged.flatMap((each) => {
        const longer = Math.sign(each.length - (each.otherLength ?? each.length));
        return longer === 0 ? [] : [excess(each) * longer];
      });
      return meanFigure(towards, 'both outputs are equally long in every pair');
    }
    const middle = median(judged.map(({ length }) => length));
    const long = judged.filter(({ length }) => length > middle);
    const short = judged.filter(({ length }) => length <= middle);
    return differenceFigure(
      long.map(excess),
      short.map(excess),
      'all outputs are about equally long',
    );
  }
}

const pointLabels = ['pass', 'fail'] as const;
const pairLabels = ['output', 'other', 'tie'] as const;
const preferenceGrade = { output: 1, tie: 0.5, other: 0 } as const;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** What the order of the two decides. */
function positionOf(
  all: readonly (readonly PairPreference[])[],
): NonNullable<CalibrationReport['position']> {
  const asked = all.filter((orders) => !orders.includes('cannot_tell'));
  const leaning = asked.flatMap(([outputFirst, outputSecond]) =>
    outputFirst === outputSecond ? [] : [placeOf(outputFirst) - placeOf(outputSecond)],
  );
  return {
    changed: shareFigure(
      { successes: leaning.length, n: asked.length },
      'the judge compared no pair in both orders',
    ),
    firstPreferred: shareFigure(
      { successes: leaning.filter((lean) => lean > 0).length, n: leaning.length },
      'no verdict changes with the order',
    ),
  };
}

const placeOf = (preferred: PairPreference | undefined): number =>
  preferred === 'output' ? 1 : preferred === 'other' ? -1 : 0;
