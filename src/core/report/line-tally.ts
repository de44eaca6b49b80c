import { cutText } from './excerpt.js';
import { compareText } from './frequency-table.js';
import type { NamedLine } from './report-model.js';

const mostEvaluators = 100;
const mostLines = 300;
const mostTold = 50;
const mostOfOne = 20;
const mostExamples = 5;
const longestLine = 300;

/** A cell by its place. */
export interface CellPlace {
  readonly itemId: string;
  readonly repetition: number;
}

interface Line {
  /** As it was first written. */
  readonly text: string;
  n: number;
  readonly examples: CellPlace[];
}

/**
 * Counts lines that judges and checks write, per evaluator: failed criteria, suggestions. Judges do not spell a
 * criterion alike each time, so case, white space and punctuation at the end are put aside. The first 300 different lines
 * of an evaluator are counted, so that free text cannot fill the memory.
 */
export class LineTally {
  readonly #evaluators = new Map<string, Map<string, Line>>();

  add(evaluator: string, lines: readonly string[], cell: CellPlace): void {
    if (lines.length === 0) return;
    let table = this.#evaluators.get(evaluator);
    if (table === undefined) {
      if (this.#evaluators.size >= mostEvaluators) return;
      table = new Map();
      this.#evaluators.set(evaluator, table);
    }
    const seen = new Set<string>();
    for (const whole of lines) {
      const key = spelling(whole.slice(0, longestLine));
      // Twice in one comment is still one cell.
      if (seen.has(key)) continue;
      seen.add(key);
      count(table, { key, text: whole, cell });
    }
  }

  /** Most often first. */
  report(): readonly NamedLine[] {
    return [...this.#evaluators]
      .flatMap(([evaluator, table]) =>
        [...table.values()]
          .sort(byCount)
          .slice(0, mostOfOne)
          .map(({ text, n, examples }) => ({ evaluator, text, n, examples })),
      )
      .sort((a, b) => b.n - a.n || compareText(a.evaluator, b.evaluator))
      .slice(0, mostTold);
  }
}

const byCount = (a: Line, b: Line): number => b.n - a.n || compareText(a.text, b.text);

const closing = new Set(' .,;:!');

function spelling(text: string): string {
  const plain = text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trimStart();
  // Not by a pattern: one that ends in `+$` looks at a long row of dots before a word from each of its dots.
  let end = plain.length;
  while (end > 0 && closing.has(plain.charAt(end - 1))) end -= 1;
  return plain.slice(0, end);
}

function count(
  table: Map<string, Line>,
  { key, text, cell }: { readonly key: string; readonly text: string; readonly cell: CellPlace },
): void {
  let line = table.get(key);
  if (line === undefined) {
    if (table.size >= mostLines) return;
    // Copies, and only for the few that stay: a slice would keep the whole comment in memory.
    line = { text: cutText(text, longestLine), n: 0, examples: [] };
    table.set(JSON.parse(JSON.stringify(key)) as string, line);
  }
  line.n += 1;
  if (line.examples.length < mostExamples) {
    line.examples.push({ itemId: cell.itemId, repetition: cell.repetition });
  }
}
