import type { ModelConfig } from '../../contracts/config.js';
import type { EstimatedCalls, ExperimentEstimate, Guess } from '../../contracts/estimate.js';
import type { EstimateReply } from '../../contracts/experiment-protocol.js';
import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { budgetFor } from '../../core/estimate/budget-fit.js';
import { exactly, isKnown, sumOf, times } from '../../core/estimate/guess.js';
import { limitedTime, type LimitedCalls } from '../../core/estimate/limited-time.js';
import { meanRange } from '../../core/estimate/mean-range.js';
import { leastLimits } from '../../core/governor/exchange.js';
import { loadTokenCounter } from '../../models/token-count.js';
import { historyOf, type CellHistory } from '../../store/call-history.js';
import { withHeartbeat } from '../heartbeat.js';
import { codeParts, plannedParts, type PartContext } from './estimate-parts.js';
import { readPlanned } from './estimate-items.js';
import type { ExperimentPorts } from './ports.js';
import { resolveCode } from './resolve.js';

/**
 * Says what a run would come to. Reads the dataset, the config and earlier runs; makes no run, calls no model and writes
 * nothing.
 */
export function createEstimate(
  ports: ExperimentPorts,
): (request: { readonly spec: ExperimentSpec }) => Promise<EstimateReply> {
  return ({ spec }) =>
    withHeartbeat(async (beat): Promise<EstimateReply> => {
      try {
        return { estimate: await estimate(spec, ports, beat.cancelled) };
      } catch (error) {
        // Whoever asks is waiting: what stands in the way of the run is the answer.
        if (AssayError.is(error)) return { error: error.toJSON() };
        throw error;
      }
    });
}

async function estimate(
  spec: ExperimentSpec,
  ports: ExperimentPorts,
  signal: AbortSignal,
): Promise<ExperimentEstimate> {
  const { target, evaluators } = await resolveCode(spec, ports.project);
  const tokens = await loadTokenCounter();
  const planned = await readPlanned(spec, { ports, target, evaluators, tokens, signal });
  const history = await historyOf(ports.store, { project: spec.project, target: spec.target });
  const cells = planned.items * spec.repetitions;
  const context: PartContext = { spec, ports, target, evaluators, planned, history, cells };
  const parts = [...plannedParts(context), ...codeParts(context)];
  const total = totalOf(parts);
  const { budgetUsd } = spec;
  return {
    target: spec.target,
    dataset: spec.dataset.name,
    items: planned.items,
    ofItems: planned.of,
    repetitions: spec.repetitions,
    cells,
    concurrency: spec.concurrency,
    parts,
    total,
    seconds: limitedTime(
      secondsOf(history.cells, { cells, concurrency: spec.concurrency }),
      limitedCalls(parts, Object.values(ports.project.config.models)),
    ),
    budget:
      budgetUsd === undefined ? undefined : budgetFor({ budgetUsd, cost: total.costUsd, parts }),
    assumptions: assumptionsOf(spec),
  };
}

function totalOf(parts: readonly EstimatedCalls[]): ExperimentEstimate['total'] {
  const sum = (of: (part: EstimatedCalls) => Guess): Guess =>
    parts.length === 0 ? exactly(0, 'no model is called') : sumOf(parts.map(of));
  return {
    calls: sum(({ calls }) => calls),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    costUsd: sum(({ costUsd }) => costUsd),
  };
}

/** The calls of each model of which the config says what its provider allows. */
function limitedCalls(
  parts: readonly EstimatedCalls[],
  models: readonly ModelConfig[],
): readonly LimitedCalls[] {
  const names = new Set(models.map(({ provider, model }) => `${provider}/${model}`));
  return [...names].flatMap((name) => {
    const own = parts.filter(({ model }) => model === name);
    // Where two say different things of one model, the smaller holds.
    const limits = leastLimits(
      models
        .filter(({ provider, model }) => `${provider}/${model}` === name)
        .map(({ limits: said }) => said),
    );
    if (own.length === 0 || limits === undefined) return [];
    return [
      {
        model: name,
        calls: sumOf(own.map(({ calls }) => calls)),
        tokens: sumOf(own.flatMap(({ inputTokens, outputTokens }) => [inputTokens, outputTokens])),
        requestsPerMinute: limits.requestsPerMinute,
        tokensPerMinute: limits.tokensPerMinute,
      },
    ];
  });
}

/** Cells × the time of one ÷ how many run at once; at least the time of one. */
function secondsOf(
  history: CellHistory | undefined,
  { cells, concurrency }: { readonly cells: number; readonly concurrency: number },
): Guess {
  if (history === undefined)
    return { unknown: 'the target never ran: nobody knows how long a cell takes' };
  const { meanMs, sdMs, cells: n, runs } = history;
  const basis = `${n} cells of ${runs} earlier run${runs === 1 ? '' : 's'} of the target, ${concurrency} at once`;
  const each = meanRange(
    { n, mean: meanMs / 1_000, sd: sdMs === null ? undefined : sdMs / 1_000 },
    { basis, whole: false },
  );
  const waves = Math.max(1, cells / concurrency);
  const seconds = times(each, exactly(waves, basis));
  // A provider that holds calls back, and a slow last cell, are in no mean.
  return isKnown(seconds) ? { ...seconds, high: seconds.high * 1.5 } : seconds;
}

function assumptionsOf(spec: ExperimentSpec): readonly string[] {
  return [
    'Each call is made once: what failed calls and their retries cost comes on top.',
    'No input comes from a provider’s cache.',
    ...(spec.reuse ? ['Nothing is taken over from earlier runs (--reuse makes it less).'] : []),
  ];
}
