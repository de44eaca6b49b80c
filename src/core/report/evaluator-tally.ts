import type { EvaluatorIdentity } from '../../contracts/manifest.js';
import { isAbstention } from '../experiment/abstention.js';
import { ConfusionTally, type LabelPair } from './confusion-tally.js';
import { compareText } from './frequency-table.js';
import { labelRule } from './label.js';
import type { ReportCell } from './report-input.js';
import type { EvaluatorReport } from './report-model.js';
import { ScoreTally } from './score-tally.js';

// A function evaluator may name its scores; one that makes a name per cell must not fill the memory.
const mostScores = 200;

/** Whether the target of this cell gave an output that evaluators saw. */
export function reachedEvaluators(cell: ReportCell): boolean {
  return cell.status === 'ok' || cell.status === 'evaluator_error';
}

/** The labels as a classification evaluator read them: its score is the given one, and its comment names the expected one. */
function judgedPair(cell: ReportCell, evaluator: string): LabelPair | undefined {
  const score = cell.scores.find((each) => each.evaluator === evaluator);
  const expected = score?.comment?.passed_items[0] ?? score?.comment?.failed_items[0];
  if (score?.value.type !== 'CATEGORICAL' || expected === undefined) return undefined;
  return { expected, got: score.value.value };
}

/** Gathers what one evaluator said of all cells. */
export class EvaluatorTally {
  readonly #identity: EvaluatorIdentity;
  readonly #scores = new Map<string, ScoreTally>();
  readonly #confusion: ConfusionTally | undefined;
  #reached = 0;
  #scored = 0;
  #errored = 0;
  #abstained = 0;

  constructor(identity: EvaluatorIdentity) {
    this.#identity = identity;
    if (identity.kind === 'exact_match' || identity.kind === 'classification') {
      this.#confusion = new ConfusionTally(labelRule(identity.options));
    }
  }

  get name(): string {
    return this.#identity.name;
  }

  /** Cells of one item must come one after another. */
  add(cell: ReportCell): void {
    if (!reachedEvaluators(cell)) return;
    this.#reached += 1;
    const scores = cell.scores.filter((score) => score.evaluator === this.name);
    if (cell.evaluatorFailures.some((failure) => failure.evaluator === this.name)) {
      this.#errored += 1;
    } else if (scores.some((score) => !isAbstention(score))) this.#scored += 1;
    else if (scores.length > 0) this.#abstained += 1;
    for (const score of scores) this.#tally(score.name)?.add(score, cell.itemId);
    if (scores.length > 0) {
      const pair = this.pairOf(cell);
      if (pair !== undefined) this.#confusion?.add(pair);
    }
  }

  /** The labels that it compares in this cell, where it compares labels. */
  pairOf(cell: ReportCell): LabelPair | undefined {
    if (this.#identity.kind === 'classification') return judgedPair(cell, this.name);
    return this.#confusion?.pairOf(cell.item.expected, cell.output);
  }

  report(planned: number): EvaluatorReport {
    return {
      name: this.name,
      kind: this.#identity.kind,
      required: this.#identity.required,
      planned,
      scored: this.#scored,
      notApplicable: this.#reached - this.#scored - this.#errored - this.#abstained,
      abstained: this.#abstained,
      errored: this.#errored,
      notReached: planned - this.#reached,
      scores: [...this.#scores.values()]
        .map((tally) => tally.report())
        .sort((a, b) => compareText(a.name, b.name)),
      confusion: this.#confusion?.report() ?? null,
    };
  }

  #tally(name: string): ScoreTally | undefined {
    const known = this.#scores.get(name);
    if (known !== undefined || this.#scores.size >= mostScores) return known;
    const tally = new ScoreTally(name);
    this.#scores.set(name, tally);
    return tally;
  }
}
