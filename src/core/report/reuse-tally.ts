import { dollarsFromPico, picoFromDollars } from '../money/pico.js';
import { compareText } from './frequency-table.js';
import type { ReportCell } from './report-input.js';
import type { ReuseReport } from './report-model.js';

const mostSources = 20;

/** Counts what was taken over from earlier runs; one entry in memory per run that it came from, and per evaluator. */
export class ReuseTally {
  readonly #evaluators: Map<string, number>;
  readonly #sources = new Map<string, number>();
  #cells = 0;
  #whole = 0;
  #targetPico = 0n;
  #judgePico = 0n;
  #unknown = 0;

  constructor(evaluators: readonly string[]) {
    this.#evaluators = new Map(evaluators.map((name) => [name, 0]));
  }

  add({ reusedFrom, evaluatorFailures }: ReportCell): void {
    if (reusedFrom === undefined) return;
    const { output, scores } = reusedFrom;
    this.#cells += 1;
    if (evaluatorFailures.length === 0 && scores.length >= this.#evaluators.size) this.#whole += 1;
    this.#sources.set(output.experiment, (this.#sources.get(output.experiment) ?? 0) + 1);
    this.#targetPico += this.#picoOf(output.costDollars);
    for (const { evaluator, costDollars } of scores) {
      this.#evaluators.set(evaluator, (this.#evaluators.get(evaluator) ?? 0) + 1);
      this.#judgePico += this.#picoOf(costDollars);
    }
  }

  /** Null where reuse was not asked for and nothing was taken over. */
  report(isAsked: boolean): ReuseReport | null {
    if (!isAsked && this.#cells === 0) return null;
    const sources = [...this.#sources]
      .sort(([a, n], [b, m]) => m - n || compareText(a, b))
      .map(([experiment, cells]) => ({ experiment, cells }));
    return {
      cells: this.#cells,
      whole: this.#whole,
      sources: sources.slice(0, mostSources),
      otherSources: sources.slice(mostSources).reduce((sum, { cells }) => sum + cells, 0),
      evaluators: [...this.#evaluators].map(([name, reused]) => ({
        name,
        reused,
        judged: this.#cells - reused,
      })),
      targetDollars: dollarsFromPico(this.#targetPico),
      judgeDollars: dollarsFromPico(this.#judgePico),
      costUnknown: this.#unknown,
    };
  }

  #picoOf(dollars: string | undefined): bigint {
    if (dollars !== undefined) return picoFromDollars(dollars);
    this.#unknown += 1;
    return 0n;
  }
}
