import type { ScoreRecord } from '../../contracts/records.js';
import type { LabelPair } from './confusion-tally.js';
import { cellPassed, failedScores } from './cell-passed.js';
import { cutText, excerpt } from './excerpt.js';
import { compareText } from './frequency-table.js';
import { LineTally } from './line-tally.js';
import type { ReportCell } from './report-input.js';
import type { FailedScore, FailureExample, FailurePattern, FailureReport } from './report-model.js';
import { TopList } from './top-list.js';

const mostPatterns = 200;
const mostExamples = 5;
// Two hundred patterns with five examples each would make a report of megabytes.
const mostIllustrated = 50;
const longestBody = 2_000;
const longestReason = 800;
const longestLine = 300;
const mostLines = 10;
// Beside the bodies: ten judges with ten long lines each would make a megabyte of a few cells.
const longestScores = 3_000;
/** How many failed cells are told in all, with the examples of the patterns. */
const mostTold = 200;

interface RankKey {
  readonly failed: number;
  readonly lowest: number;
  readonly itemId: string;
  readonly repetition: number;
}

interface Ranked extends RankKey {
  readonly example: FailureExample;
  readonly pattern: Pattern | undefined;
}

interface Pattern {
  readonly scores: readonly string[];
  readonly pair: LabelPair | null;
  n: number;
  readonly worst: TopList<RankKey, Ranked>;
}

/** A pattern as it is told: one of those that were counted, or several without their pairs. */
interface Group {
  readonly scores: readonly string[];
  readonly pair: LabelPair | null;
  readonly n: number;
  readonly worst: readonly Ranked[];
  readonly of: readonly Pattern[];
}

/**
 * Groups the cells with a failed required score by how they failed, and keeps the worst few of each group. What informative
 * judges criticise is counted by criterion, and fails no cell.
 */
export class FailureTally {
  readonly #patterns = new Map<string, Pattern>();
  readonly #criteria = new LineTally();
  readonly #suggestions = new LineTally();
  readonly #worst = new TopList<RankKey, Ranked>(mostTold, compareRanked);
  readonly #informative: ReadonlySet<string>;
  #cells = 0;
  #graded = 0;
  #other = 0;

  /** @param informative evaluators whose scores pass and fail no cell. */
  constructor(informative: ReadonlySet<string>) {
    this.#informative = informative;
  }

  /** @param pair the labels that one of the failed scores compared, where one did. */
  add(cell: ReportCell, pair: LabelPair | undefined): void {
    const informative = this.#informative;
    for (const { evaluator, comment, passed } of cell.scores) {
      if (passed !== false) continue;
      this.#criteria.add(evaluator, comment?.failed_items ?? [], cell);
      this.#suggestions.add(evaluator, comment?.suggestions ?? [], cell);
    }
    if (cellPassed(cell, informative) !== undefined) this.#graded += 1;
    const failed = failedScores(cell, informative);
    if (failed.length === 0) return;
    this.#cells += 1;
    const pattern = this.#pattern(failed, pair ?? null);
    const key = rankOf(cell, failed);
    // The texts are cut only for a cell that stays: most do not. One that stays twice is cut once.
    let made: Ranked | undefined;
    const make = (): Ranked => (made ??= { ...key, pattern, example: exampleOf(cell, failed) });
    this.#worst.offer(key, make);
    if (pattern === undefined) this.#other += 1;
    else {
      pattern.n += 1;
      pattern.worst.offer(key, make);
    }
  }

  /** @param pairs whether the labels are few, so that failures are grouped by what was taken for what. */
  report(pairs: boolean): FailureReport {
    const known = [...this.#patterns.values()];
    const groups = [...(pairs ? known.map(alone) : withoutPairs(known))].sort(bySize);
    const patterns = groups.map(({ scores, pair, n, worst }, i): FailurePattern => ({
      scores,
      pair,
      n,
      examples: i < mostIllustrated ? worst.map(({ example }) => example) : [],
    }));
    return {
      cells: this.#cells,
      graded: this.#graded,
      patterns,
      otherCells: this.#other,
      more: this.#more(groups),
      criteria: this.#criteria.report(),
      suggestions: this.#suggestions.report(),
    };
  }

  /** The worst cells that no pattern tells already. */
  #more(groups: readonly Group[]): FailureReport['more'] {
    const told = new Set(
      groups.slice(0, mostIllustrated).flatMap(({ worst }) => worst.map(({ example }) => example)),
    );
    const place = new Map(
      groups.flatMap(({ of }, i) => of.map((pattern) => [pattern, i] as const)),
    );
    return this.#worst.entries
      .filter(({ example }) => !told.has(example))
      .slice(0, Math.max(0, mostTold - told.size))
      .map(({ example, pattern }) => ({
        ...example,
        pattern: (pattern === undefined ? undefined : place.get(pattern)) ?? null,
      }));
  }

  #pattern(failed: readonly ScoreRecord[], pair: LabelPair | null): Pattern | undefined {
    const scores = failed.map((score) => score.name).sort(compareText);
    const known = this.#patterns.get(keyOf(scores, pair));
    if (known !== undefined) return known;
    // With the table full of pairs, further pairs are counted by their scores alone.
    const kept = this.#patterns.size < mostPatterns ? pair : null;
    const found = this.#patterns.get(keyOf(scores, kept));
    if (found !== undefined || this.#patterns.size >= 2 * mostPatterns) return found;
    const worst = new TopList<RankKey, Ranked>(mostExamples, compareRanked);
    const pattern = { scores, pair: kept, n: 0, worst };
    this.#patterns.set(keyOf(scores, kept), pattern);
    return pattern;
  }
}

function keyOf(scores: readonly string[], pair: LabelPair | null): string {
  return JSON.stringify([scores, pair]);
}

function bySize(a: Group, b: Group): number {
  return b.n - a.n || compareText(keyOf(a.scores, a.pair), keyOf(b.scores, b.pair));
}

function alone(pattern: Pattern): Group {
  const { scores, pair, n, worst } = pattern;
  return { scores, pair, n, worst: worst.entries, of: [pattern] };
}

/** The patterns without their pairs: of free texts nearly every pair is one of its own and says nothing. */
function withoutPairs(patterns: readonly Pattern[]): readonly Group[] {
  const groups = new Map<string, Pattern[]>();
  for (const pattern of patterns) {
    const key = keyOf(pattern.scores, null);
    groups.set(key, [...(groups.get(key) ?? []), pattern]);
  }
  return [...groups.values()].map((of) => ({
    scores: of[0]?.scores ?? [],
    pair: null,
    n: of.reduce((sum, { n }) => sum + n, 0),
    worst: of
      .flatMap(({ worst }) => worst.entries)
      .sort(compareRanked)
      .slice(0, mostExamples),
    of,
  }));
}

function numericValue(score: ScoreRecord): number {
  return score.value.type === 'NUMERIC' && Number.isFinite(score.value.value)
    ? score.value.value
    : 0;
}

function rankOf(cell: ReportCell, failed: readonly ScoreRecord[]): RankKey {
  const { itemId, repetition } = cell;
  const lowest = Math.min(...failed.map(numericValue));
  return { failed: failed.length, lowest, itemId, repetition };
}

function compareRanked(a: RankKey, b: RankKey): number {
  return (
    b.failed - a.failed ||
    a.lowest - b.lowest ||
    compareText(a.itemId, b.itemId) ||
    a.repetition - b.repetition
  );
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
    scores: shownScores(failed),
    latencyMs: cell.latencyMs,
  };
}

function shownScores(failed: readonly ScoreRecord[]): readonly FailedScore[] {
  let left = longestScores;
  const take = (text: string, longest: number): string => {
    const taken = cutText(text, Math.min(longest, left));
    left -= taken.length;
    return taken;
  };
  const lines = (texts: readonly string[] = []): readonly string[] =>
    texts
      .slice(0, mostLines)
      .map((text) => take(text, longestLine))
      .filter((text) => text !== '');
  return failed.slice(0, mostLines).map(({ comment, name, value }) => ({
    name,
    value: take(String(value.value), longestLine),
    reasoning:
      comment === undefined
        ? null
        : { text: take(comment.reasoning, longestReason), length: comment.reasoning.length },
    failedItems: lines(comment?.failed_items),
    suggestions: lines(comment?.suggestions),
  }));
}
