import { duration, figure } from '../../core/report/figures.js';
import type { ScoreRecord } from '../../contracts/records.js';
import type { Sink } from '../io/sink.js';
import { renderTable, type Column } from '../io/table.js';
import type { ResultCell } from './result-cell.js';

const rowsAtOnce = 100;
const traceIdWidth = 32;

/** The columns of the table, as wide as the terminal lets them be; the scores get what is left. */
export function resultColumns(columns: number): readonly Column[] {
  const fixed: Column[] = [
    { heading: 'Item', width: 24 },
    { heading: 'Rep', width: 3, align: 'right' },
    { heading: 'Status', width: 15 },
  ];
  const ending: Column[] = [
    { heading: 'Latency', width: 9, align: 'right' },
    { heading: 'Trace', width: traceIdWidth },
  ];
  const taken = [...fixed, ...ending].reduce((sum, { width = 0 }) => sum + width + 2, 0);
  const scores = Math.min(80, Math.max(24, columns - taken));
  return [...fixed, { heading: 'Scores', width: scores }, ...ending];
}

/** A score as people scan for it: its name, its value, and whether it passed. */
export function scoreText(score: ScoreRecord, sink: Pick<Sink, 'safe' | 'colours'>): string {
  const { colours, safe } = sink;
  const mark =
    score.passed === undefined ? '' : score.passed ? colours.green('✓') : colours.red('✗');
  const { value } = score;
  // A truth that equals the mark would say it twice.
  const shown =
    value.type === 'BOOLEAN' && score.passed !== undefined
      ? ''
      : value.type === 'NUMERIC'
        ? figure(value.value)
        : safe(String(value.value));
  return [safe(score.name), shown, mark].filter((part) => part !== '').join(' ');
}

/** Why a cell is no whole result: the error of its target, or of each evaluator that failed. Not escaped. */
export function whyText({
  error,
  evaluatorFailures,
}: Pick<ResultCell, 'error' | 'evaluatorFailures'>): readonly string[] {
  const failures = evaluatorFailures.map(
    ({ evaluator, error: own }) => `${evaluator}: ${own.code}: ${own.message}`,
  );
  // The cell repeats the error of its evaluator.
  if (failures.length > 0 || error === undefined) return failures;
  return [`${error.code}: ${error.message}`];
}

function rowOf(cell: ResultCell, sink: Pick<Sink, 'safe' | 'colours'>): readonly string[] {
  const { colours, safe } = sink;
  const why = whyText(cell).map(safe);
  return [
    safe(cell.itemId),
    String(cell.repetition),
    cell.status === 'ok' ? cell.status : colours.red(cell.status),
    [...cell.scores.map((score) => scoreText(score, sink)), ...why].join('  '),
    cell.status === 'skipped' ? '—' : duration(cell.latencyMs),
    cell.traceId ?? '—',
  ];
}

/** Prints cells as a table while they come, a hundred in memory at a time. Returns how many there were. */
export async function printResultTable(
  cells: AsyncIterable<ResultCell>,
  sink: Sink,
): Promise<number> {
  const columns = resultColumns(sink.columns);
  let rows: (readonly string[])[] = [];
  let printed = 0;
  const flush = async (): Promise<boolean> => {
    if (rows.length === 0) return true;
    const text = renderTable(columns, rows, { head: printed === 0 });
    printed += rows.length;
    rows = [];
    return sink.line(text);
  };
  for await (const cell of cells) {
    rows.push(rowOf(cell, sink));
    if (rows.length >= rowsAtOnce && !(await flush())) return printed;
  }
  await flush();
  return printed;
}
