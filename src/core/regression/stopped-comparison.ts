import { count, figure } from '../report/figures.js';
import type { Interval } from '../statistics/interval.js';
import type { EarlyStop, StoppedRun } from './stopped.js';
import type {
  Comparison,
  ComparisonFigures,
  EvaluatorComparison,
  GrowthComparison,
  SliceComparison,
} from './types.js';
import { signed } from './verdict.js';

/**
 * The comparison of a run that ended early: its verdict is the settled one. Estimates are of the cells that were run; intervals
 * are those of the confidence sequence, and where there is none there is no interval, no test and no verdict: figures for a
 * fixed number of cells say nothing where the cells themselves decided how many there are.
 */
export function withEarlyStop(comparison: Comparison, stop: EarlyStop): Comparison {
  const confidence = stop.bounds[0]?.interval.confidence ?? comparison.confidence;
  return {
    ...comparison,
    verdict: stop.verdict,
    reasons: [
      stop.reason,
      ...(stop.run === undefined ? [] : [runText(stop.run)]),
      `The intervals are those of a confidence sequence at ${figure(100 * confidence)} %, which hold at every look at once: they are wider than those of a whole run.`,
    ],
    confidence,
    evaluators: comparison.evaluators.map((each) => stoppedEvaluator(each, stop)),
    growth: comparison.growth.map((each): GrowthComparison => ({
      ...each,
      ...notSettled,
      interval: null,
      test: null,
    })),
    earlyStop: stop,
  };
}

/** `120 of 500 cells were run; … saved about 380 calls and $0.21.` */
function runText({ ran, planned, skipped, callsSaved, usdSaved }: StoppedRun): string {
  const saved = [
    ...(callsSaved === null ? [] : [`${count(Math.round(callsSaved))} calls`]),
    ...(usdSaved === null ? [] : [`$${figure(usdSaved)}`]),
  ].join(' and ');
  return (
    `${count(ran)} of ${count(planned)} cells were run and ${count(skipped)} skipped` +
    `${saved === '' ? '' : `, which saved about ${saved}`}.`
  );
}

const notSettled = {
  verdict: 'inconclusive',
  code: 'ended_early',
  reason: 'The run ended before this was settled.',
} as const;

function stoppedEvaluator(each: EvaluatorComparison, stop: EarlyStop): EvaluatorComparison {
  const part = stop.parts.find(({ name }) => name === each.name);
  const interval = stop.bounds.find(({ name }) => name === each.name)?.interval ?? null;
  return {
    ...each,
    ...withoutFixed(interval),
    ...(part === undefined
      ? notSettled
      : {
          verdict: part.verdict,
          code: 'settled',
          reason: `Over all cells the difference lies between ${signed(part.low)} and ${signed(part.high)}, and its interval reaches ${figure(part.halfWidth)} to each side at most.`,
        }),
    slices: each.slices.map((slice): SliceComparison => ({
      ...slice,
      ...withoutFixed(null),
      ...notSettled,
    })),
  };
}

const withoutFixed = (interval: Interval | null) =>
  ({
    interval,
    method: interval === null ? null : 'sequence',
    intervals: { t: null, bca: null },
    test: null,
    mde: null,
    itemsNeeded: null,
  }) as const satisfies Partial<ComparisonFigures>;
