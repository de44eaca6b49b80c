import { dollarsFromPico } from '../money/pico.js';
import { csvLine, type CsvValue } from '../text/escape/csv.js';
import { cellPassed, informativeEvaluators } from './cell-passed.js';
import { readableText } from './excerpt.js';
import type { ReportCell } from './report-input.js';
import type { ReportModel } from './report-model.js';

const leading = [
  'item_id',
  'repetition',
  'revision',
  'status',
  'passed',
  'error_code',
  'error_message',
] as const;
const trailing = [
  'evaluator_errors',
  'latency_ms',
  'attempts',
  'calls',
  'input_tokens',
  'cached_input_tokens',
  'output_tokens',
  'reasoning_tokens',
  'target_cost_dollars',
  'judge_cost_dollars',
  'embedding_cost_dollars',
  'started_at',
  'ended_at',
  'sanitised',
  'trace_id',
  'trace_url',
  'description',
  'metadata',
  'input',
  'expected',
  'output',
  'reasons',
] as const;

/** What the columns of a CSV hang on. */
export interface CsvForm {
  /** The scores that have columns of their own, in their order. */
  readonly scoreNames: readonly string[];
  /** Evaluators whose scores pass and fail no cell. */
  readonly informative: ReadonlySet<string>;
}

/** The form of a run's CSV, in the order of its report. */
export function csvForm({ evaluators }: Pick<ReportModel, 'evaluators'>): CsvForm {
  return {
    scoreNames: evaluators.flatMap(({ scores }) => scores.map(({ name }) => name)),
    informative: informativeEvaluators(evaluators),
  };
}

/** The heading of the CSV: a column for each score's value and one for whether it passed. */
export function csvHeader({ scoreNames }: CsvForm): string {
  const scores = scoreNames.flatMap((name) => [`score:${name}`, `passed:${name}`]);
  return csvLine([...leading, ...scores, ...trailing]);
}

/**
 * One cell as a row of the CSV, under the heading of the same form. What is unknown is empty. Texts that
 * a spreadsheet would run as a formula begin with an apostrophe.
 */
export function csvRow(cell: ReportCell, { scoreNames, informative }: CsvForm): string {
  const { item, usage, error } = cell;
  const scores = new Map(cell.scores.map((score) => [score.name, score]));
  const dollars = (pico: bigint | undefined): CsvValue =>
    pico === undefined ? undefined : Number(dollarsFromPico(pico));
  const first: Record<(typeof leading)[number], CsvValue> = {
    item_id: cell.itemId,
    repetition: cell.repetition,
    revision: cell.revision,
    status: cell.status,
    passed: cellPassed(cell, informative),
    error_code: error?.code,
    error_message: error?.message,
  };
  const last: Record<(typeof trailing)[number], CsvValue> = {
    evaluator_errors: cell.evaluatorFailures
      .map((failure) => `${failure.evaluator}: ${failure.error.code}`)
      .join('; '),
    latency_ms: cell.latencyMs,
    attempts: cell.attempts,
    calls: cell.calls.length,
    input_tokens: usage.inputTokens,
    cached_input_tokens: usage.cachedInputTokens,
    output_tokens: usage.outputTokens,
    reasoning_tokens: usage.reasoningTokens,
    target_cost_dollars: dollars(cell.targetCostPico),
    judge_cost_dollars: dollars(cell.judgeCostPico),
    embedding_cost_dollars: dollars(cell.embeddingCostPico),
    started_at: cell.startedAt,
    ended_at: cell.endedAt,
    sanitised: cell.sanitised,
    trace_id: cell.traceId,
    trace_url: cell.traceUrl,
    description: item.description,
    metadata: JSON.stringify(item.metadata),
    input: JSON.stringify(item.input),
    expected: item.expected === undefined ? undefined : readableText(item.expected),
    output: cell.output === undefined ? undefined : readableText(cell.output),
    reasons: cell.scores
      .flatMap(({ name, comment }) =>
        comment === undefined ? [] : [`${name}: ${comment.reasoning}`],
      )
      .join('\n'),
  };
  return csvLine([
    ...leading.map((column) => first[column]),
    ...scoreNames.flatMap((name): readonly CsvValue[] => {
      const score = scores.get(name);
      return [score?.value.value, score?.passed];
    }),
    ...trailing.map((column) => last[column]),
  ]);
}
