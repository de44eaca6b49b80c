import type { ScoreRecord } from '../../contracts/records.js';
import type { LabelPair } from './confusion-tally.js';
import { cutText, excerpt } from './excerpt.js';
import { FrequencyTable, compareText } from './frequency-table.js';
import type { ReportCell } from './report-input.js';
import type { FailedScore, FailureExample, FailurePattern, FailureReport } from './report-model.js';

const mostPatterns = 200;
const mostExamples = 5;
// Two hundred patterns with five examples each would make a report of megabytes.
const mostIllustrated = 50;
const longestBody = 2_000;
const longestReason = 800;
const longestLine = 300;
const mostLines = 10;
const mostEvaluators = 100;
const mostCriteria = 300;

interface Ranked {
  readonly example: FailureExample;
  readonly failed: number;
  readonly lowest: number;
}

interface Pattern {
  readonly scores: readonly string[];
  readonly pair: LabelPair | null;
  n: number;
  worst: readonly Ranked[];
}

/** Groups the cells with a failed score by how they failed, and keeps the worst few of each group. */
export class FailureTally {
  readonly #patterns = new Map<string, Pattern>();
  readonly #criteria = new Map<string, FrequencyTable>();
  readonly #suggestions = new Map<string, FrequencyTable>();
  #cells = 0;
  #graded = 0;
  #other = 0;

  /** @param pair the labels that one of the failed scores compared, where one did. */
  add(cell: ReportCell, pair: LabelPair | undefined): void {
    if (cell.scores.some((score) => score.passed !== undefined)) this.#graded += 1;
    const failed = cell.scores.filter((score) => score.passed === false);
    if (failed.length === 0) return;
    this.#cells += 1;
    for (const { evaluator, comment } of failed) {
      countLines(this.#criteria, evaluator, comment?.failed_items ?? []);
      countLines(this.#suggestions, evaluator, comment?.suggestions ?? []);
    }
    const pattern = this.#pattern(failed, pair ?? null);
    if (pattern === undefined) this.#other += 1;
    else {
      pattern.n += 1;
      pattern.worst = keepWorst(pattern.worst, cell, failed);
    }
  }

  /** @param pairs whether the labels are few, so that failures are grouped by what was taken for what. */
  report(pairs: boolean): FailureReport {
    const patterns = pairs ? [...this.#patterns.values()] : withoutPairs(this.#patterns.values());
    return {
      cells: this.#cells,
      graded: this.#graded,
      patterns: [...patterns].sort(bySize).map(({ worst, ...pattern }, i): FailurePattern => ({
        ...pattern,
        examples: i < mostIllustrated ? worst.map(({ example }) => example) : [],
      })),
      otherCells: this.#other,
      criteria: topLines(this.#criteria),
      suggestions: topLines(this.#suggestions),
    };
  }

  #pattern(failed: readonly ScoreRecord[], pair: LabelPair | null): Pattern | undefined {
    const scores = failed.map((score) => score.name).sort(compareText);
    const known = this.#patterns.get(keyOf(scores, pair));
    if (known !== undefined) return known;
    // With the table full of pairs, further pairs are counted by their scores alone.
    const kept = this.#patterns.size < mostPatterns ? pair : null;
    const found = this.#patterns.get(keyOf(scores, kept));
    if (found !== undefined || this.#patterns.size >= 2 * mostPatterns) return found;
    const pattern = { scores, pair: kept, n: 0, worst: [] };
    this.#patterns.set(keyOf(scores, kept), pattern);
    return pattern;
  }
}

function keyOf(scores: readonly string[], pair: LabelPair | null): string {
  return JSON.stringify([scores, pair]);
}

function bySize(a: Pattern, b: Pattern): number {
  return b.n - a.n || compareText(keyOf(a.scores, a.pair), keyOf(b.scores, b.pair));
}

/** The patterns without their pairs: of free texts nearly every pair is one of its own and says nothing. */
function withoutPairs(patterns: Iterable<Pattern>): readonly Pattern[] {
  const groups = new Map<string, Pattern>();
  for (const { scores, n, worst } of patterns) {
    const group = groups.get(keyOf(scores, null)) ?? { scores, pair: null, n: 0, worst: [] };
    group.n += n;
    group.worst = [...group.worst, ...worst].sort(byRank).slice(0, mostExamples);
    groups.set(keyOf(scores, null), group);
  }
  return [...groups.values()];
}

function countLines(
  tables: Map<string, FrequencyTable>,
  evaluator: string,
  lines: readonly string[],
): void {
  if (lines.length === 0) return;
  let table = tables.get(evaluator);
  if (table === undefined) {
    if (tables.size >= mostEvaluators) return;
    table = new FrequencyTable(mostCriteria);
    tables.set(evaluator, table);
  }
  // Twice in one comment is still one cell.
  for (const line of new Set(lines)) table.add(cutText(line, longestLine));
}

function topLines(
  tables: ReadonlyMap<string, FrequencyTable>,
): readonly { readonly evaluator: string; readonly text: string; readonly n: number }[] {
  return [...tables]
    .flatMap(([evaluator, table]) =>
      table.top(20).map(({ label, n }) => ({ evaluator, text: label, n })),
    )
    .sort((a, b) => b.n - a.n || compareText(a.evaluator, b.evaluator))
    .slice(0, 50);
}

function numericValue(score: ScoreRecord): number {
  return score.value.type === 'NUMERIC' && Number.isFinite(score.value.value)
    ? score.value.value
    : 0;
}

function keepWorst(
  worst: readonly Ranked[],
  cell: ReportCell,
  failed: readonly ScoreRecord[],
): readonly Ranked[] {
  const rank = { failed: failed.length, lowest: Math.min(...failed.map(numericValue)) };
  const place = { itemId: cell.itemId, repetition: cell.repetition };
  const last = worst.at(-1);
  // The texts are cut only for a cell that stays: most do not.
  if (
    worst.length >= mostExamples &&
    last !== undefined &&
    compareRanked({ ...rank, ...place }, { ...last, ...last.example }) >= 0
  ) {
    return worst;
  }
  return [...worst, { ...rank, example: exampleOf(cell, failed) }]
    .sort(byRank)
    .slice(0, mostExamples);
}

interface RankKey {
  readonly failed: number;
  readonly lowest: number;
  readonly itemId: string;
  readonly repetition: number;
}

function compareRanked(a: RankKey, b: RankKey): number {
  return (
    b.failed - a.failed ||
    a.lowest - b.lowest ||
    compareText(a.itemId, b.itemId) ||
    a.repetition - b.repetition
  );
}

function byRank(a: Ranked, b: Ranked): number {
  return compareRanked({ ...a, ...a.example }, { ...b, ...b.example });
}

function exampleOf(cell: ReportCell, failed: readonly ScoreRecord[]): FailureExample {
  const { item, output } = cell;
  return {
    itemId: cell.itemId,
    repetition: cell.repetition,
    description: item.description === undefined ? null : cutText(item.description, longestLine),
    traceId: cell.traceId,
    traceUrl: cell.traceUrl ?? null,
    input: excerpt(item.input, longestBody),
    output: output === undefined ? null : excerpt(output, longestBody),
    expected: item.expected === undefined ? null : excerpt(item.expected, longestBody),
    metadata:
      Object.keys(item.metadata).length === 0 ? null : excerpt(item.metadata, longestReason),
    scores: failed.slice(0, mostLines).map(failedScore),
    latencyMs: cell.latencyMs,
  };
}

function failedScore(score: ScoreRecord): FailedScore {
  const { comment, name, value } = score;
  const lines = (texts: readonly string[] = []): readonly string[] =>
    texts.slice(0, mostLines).map((text) => cutText(text, longestLine));
  return {
    name,
    value: cutText(String(value.value), longestLine),
    reasoning: comment === undefined ? null : excerpt(comment.reasoning, longestReason),
    failedItems: lines(comment?.failed_items),
    suggestions: lines(comment?.suggestions),
  };
}
