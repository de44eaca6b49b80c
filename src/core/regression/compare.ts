import { align } from './align.js';
import type { ComparisonContext } from './comparison-context.js';
import { compareEvaluator } from './evaluator.js';
import { compareGrowth } from './growth.js';
import { runVerdict } from './run-verdict.js';
import { comparisonSettings } from './settings.js';
import { planSlices } from './slices.js';
import type { Comparison, ComparisonInput, GrowthComparison } from './types.js';

/**
 * Compares head with base, item by item, and says whether head may take its place. Equal input gives equal output; the
 * order of items does not matter, and with base and head exchanged every estimate and interval is mirrored.
 *
 * @throws AssayError GATE_INVALID where the question itself is wrong. What the data cannot answer is `inconclusive`.
 */
export function compareRuns(input: ComparisonInput): Comparison {
  const settings = comparisonSettings(input);
  const { base, head } = input;
  const alignment = align({ base, head }, input.cluster?.of);
  const slices = (input.slices ?? []).map((field) => planSlices(field, alignment));
  const context: ComparisonContext = { base, head, alignment, settings, slices };
  const evaluators = input.evaluators.map((evaluator) => compareEvaluator(evaluator, context));
  const growth: readonly GrowthComparison[] = (['cost', 'latency'] as const).flatMap((what) => {
    const gate = input[what];
    return gate === undefined ? [] : [compareGrowth({ what, gate }, context)];
  });
  const common = alignment.ids.length;
  const frame = {
    items: {
      base: base.items.length,
      head: head.items.length,
      common,
      new: alignment.added,
      missing: alignment.missing,
    },
    cluster:
      input.cluster === undefined
        ? null
        : {
            key: input.cluster.key,
            unknown: alignment.unclustered === common,
            itemsWithoutValue: alignment.unclustered,
          },
    slices: slices.map(({ summary }) => summary),
  };
  return {
    format: 'assay-comparison',
    version: 1,
    ...runVerdict({ ...frame, evaluators, growth }, settings),
    alpha: settings.alpha,
    power: settings.power,
    confidence: settings.confidence,
    bootstrap: { resamples: settings.resamples, seed: settings.seed },
    ...frame,
  };
}
