import { AssayError } from '../errors/assay-error.js';
import { cellPassed } from './cell-passed.js';
import { RateTally } from './rate-tally.js';
import type { ReportCell } from './report-input.js';
import type { RateReport, ReportCells, Steadiness } from './report-model.js';

interface ItemOutcomes {
  readonly itemId: string | undefined;
  readonly graded: number;
  readonly passed: number;
}

/** Counts how cells ended, and how steady items are over their repetitions. */
export class CellTally {
  readonly #planned: number;
  readonly #statuses = { ok: 0, target_error: 0, evaluator_error: 0, skipped: 0 };
  readonly #outcomes = { passed: 0, notPassed: 0, ungraded: 0 };
  readonly #marks = { retriedCells: 0, retries: 0, revised: 0, sanitised: 0 };
  readonly #overall = new RateTally();
  #seen = 0;
  readonly #steady = { alwaysPassed: 0, neverPassed: 0, mixed: 0 };
  #item: ItemOutcomes = { itemId: undefined, graded: 0, passed: 0 };

  readonly #informative: ReadonlySet<string>;

  /** @param informative evaluators whose scores pass and fail no cell. */
  constructor(planned: number, informative: ReadonlySet<string>) {
    this.#planned = planned;
    this.#informative = informative;
  }

  /**
   * Cells of one item must come one after another.
   *
   * @throws AssayError INTERNAL where more cells come than were planned.
   */
  add(cell: ReportCell): void {
    if (this.#seen >= this.#planned) {
      throw new AssayError(
        'INTERNAL',
        `More than the ${this.#planned} planned cells were reported.`,
      );
    }
    this.#seen += 1;
    this.#statuses[cell.status] += 1;
    if (cell.status === 'ok') {
      const passed = cellPassed(cell, this.#informative);
      if (passed !== undefined) {
        this.#countItem(cell.itemId, passed);
        this.#overall.add(passed, cell.itemId);
      }
      this.#outcomes[passed === undefined ? 'ungraded' : passed ? 'passed' : 'notPassed'] += 1;
    }
    if (cell.attempts > 1) {
      this.#marks.retriedCells += 1;
      this.#marks.retries += cell.attempts - 1;
    }
    if (cell.revision > 1) this.#marks.revised += 1;
    if (cell.sanitised) this.#marks.sanitised += 1;
  }

  report(): ReportCells {
    return {
      planned: this.#planned,
      ...this.#statuses,
      pending: this.#planned - this.#seen,
      ...this.#outcomes,
      ...this.#marks,
    };
  }

  /** Of the ok cells that can pass or fail. Null where there are none. */
  overall(): RateReport | null {
    return this.#overall.report();
  }

  /** Null where no item was graded twice. */
  steadiness(): Steadiness | null {
    this.#closeItem();
    const { alwaysPassed, neverPassed, mixed } = this.#steady;
    const items = alwaysPassed + neverPassed + mixed;
    return items === 0 ? null : { items, alwaysPassed, neverPassed, mixed };
  }

  #countItem(itemId: string, passed: boolean): void {
    if (itemId !== this.#item.itemId) this.#closeItem();
    const { graded, passed: before } = this.#item;
    this.#item = { itemId, graded: graded + 1, passed: before + (passed ? 1 : 0) };
  }

  #closeItem(): void {
    const { graded, passed } = this.#item;
    this.#item = { itemId: undefined, graded: 0, passed: 0 };
    if (graded < 2) return;
    const outcome = passed === graded ? 'alwaysPassed' : passed === 0 ? 'neverPassed' : 'mixed';
    this.#steady[outcome] += 1;
  }
}
