import type { ErrorDocument } from '../errors/assay-error.js';
import { cutText } from './excerpt.js';
import { FrequencyTable, compareText } from './frequency-table.js';
import type { ReportCell } from './report-input.js';
import type { ErrorExample, ErrorGroup } from './report-model.js';

const mostGroups = 200;
const mostExamples = 5;
const mostMessages = 50;
const shownMessages = 3;
const longestMessage = 400;

type Phase = ErrorGroup['phase'];

interface Group {
  readonly phase: Phase;
  readonly evaluator: string | null;
  readonly code: string;
  readonly title: string;
  n: number;
  readonly messages: FrequencyTable;
  /** The first message of each shape, since the shape itself reads badly. */
  readonly firstOfShape: Map<string, string>;
  readonly examples: ErrorExample[];
}

/** The message without what differs from cell to cell, so that the same failure is counted as one. */
function shapeOf(message: string): string {
  return message
    .replace(/(["'`])[^"'`]{1,200}\1/g, '$1…$1')
    .replace(/\b[0-9a-f]{8,64}\b/gi, '…')
    .replace(/\d+/g, '…');
}

/** Groups the errors of targets and evaluators by who erred and by code. */
export class ErrorTally {
  readonly #groups = new Map<string, Group>();

  add(cell: ReportCell): void {
    for (const failure of cell.evaluatorFailures) {
      this.#count(cell, { phase: 'evaluator', evaluator: failure.evaluator, error: failure.error });
    }
    const { error, status } = cell;
    if (error === undefined || status === 'ok') return;
    if (status === 'evaluator_error') {
      // The cell repeats the error of its evaluator; only without that record it is news.
      if (cell.evaluatorFailures.length > 0) return;
      this.#count(cell, { phase: 'evaluator', evaluator: null, error });
    } else {
      const phase = status === 'skipped' ? 'skipped' : 'target';
      this.#count(cell, { phase, evaluator: null, error });
    }
  }

  /** Largest first. */
  report(): readonly ErrorGroup[] {
    return [...this.#groups.values()]
      .sort((a, b) => b.n - a.n || compareText(a.code, b.code))
      .map(({ messages, firstOfShape, ...group }) => ({
        ...group,
        messages: messages.top(shownMessages).map(({ label, n }) => ({
          text: firstOfShape.get(label) ?? label,
          n,
        })),
      }));
  }

  #count(
    cell: ReportCell,
    what: {
      readonly phase: Phase;
      readonly evaluator: string | null;
      readonly error: ErrorDocument;
    },
  ): void {
    const { phase, evaluator, error } = what;
    const key = JSON.stringify([phase, evaluator, error.code]);
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= mostGroups) return;
      const { code, title } = error;
      group = {
        ...{ phase, evaluator, code, title, n: 0 },
        messages: new FrequencyTable(mostMessages),
        firstOfShape: new Map(),
        examples: [],
      };
      this.#groups.set(key, group);
    }
    group.n += 1;
    const message = cutText(error.message, longestMessage);
    const shape = shapeOf(message);
    group.messages.add(shape);
    if (group.messages.get(shape) === 1) group.firstOfShape.set(shape, message);
    if (group.examples.length < mostExamples) {
      const { itemId, repetition, traceId, traceUrl = null } = cell;
      group.examples.push({ itemId, repetition, message, traceId, traceUrl });
    }
  }
}
