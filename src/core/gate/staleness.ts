import type { StaleReason } from '../../contracts/baseline.js';
import type { EvaluatorIdentity, Manifest } from '../../contracts/manifest.js';
import { contentHash } from '../ids/hash.js';
import { decisive } from '../manifest/cell-identity.js';

/** What of two runs must be equal for their scores to mean the same. */
type Compared = Pick<Manifest, 'dataset' | 'evaluators' | 'repetitions'>;

/**
 * Why scores of a base cannot be compared with those of a head as a whole; empty where they can. Whether an evaluator is
 * required decides nothing about its scores. Evaluators that only one side has are compared nowhere and make nothing stale,
 * unless the head lacks one that the base has.
 */
export function staleReasons(base: Compared, head: Compared): readonly StaleReason[] {
  return [...datasetReasons(base, head), ...evaluatorReasons(base, head)];
}

/** The evaluators whose scores mean another thing on the two sides, or that the head has no more. */
export function changedEvaluators(base: Compared, head: Compared): ReadonlySet<string> {
  return new Set(evaluatorReasons(base, head).map(({ at }) => at.slice('evaluators.'.length)));
}

function datasetReasons(base: Compared, head: Compared): readonly StaleReason[] {
  const [a, b] = [base.dataset, head.dataset];
  if (a.name !== b.name) {
    return [{ at: 'dataset', message: `is "${a.name}" there and "${b.name}" here` }];
  }
  if (a.itemsHash === b.itemsHash) return [];
  const sampled = [a, b].filter(({ sample }) => sample !== undefined).length;
  const what =
    a.items === b.items
      ? 'has as many items, but others'
      : `had ${a.items} items and has ${b.items}`;
  const sample = sampled === 0 ? '' : '; a sample was taken of it';
  return [
    {
      at: 'dataset',
      message: `${what} (content ${a.itemsHash.slice(0, 8)} there, ${b.itemsHash.slice(0, 8)} here)${sample}`,
    },
  ];
}

function evaluatorReasons(base: Compared, head: Compared): readonly StaleReason[] {
  const now = new Map(head.evaluators.map((each) => [each.name, each]));
  return base.evaluators.flatMap((before): StaleReason[] => {
    const at = `evaluators.${before.name}`;
    const after = now.get(before.name);
    if (after === undefined) return [{ at, message: 'gives no scores any more' }];
    if (contentHash(decisive(before)) === contentHash(decisive(after))) return [];
    return [{ at, message: `is another now: ${whatChanged(before, after)}` }];
  });
}

function whatChanged(before: EvaluatorIdentity, after: EvaluatorIdentity): string {
  if (before.kind !== after.kind) return `${before.kind} became ${after.kind}`;
  const parts = (
    [
      ['its options', before.options, after.options],
      ["its judge's model", before.judge?.model, after.judge?.model],
      ['its rubric', before.judge?.rubric, after.judge?.rubric],
      ['its code (the config, or a file that it imports)', before.code, after.code],
      ['the models that it can call', before.models, after.models],
      ['our own version of it', before.implementation, after.implementation],
    ] as const
  ).flatMap(([what, a, b]) => (same(a, b) ? [] : [what]));
  return parts.length === 0 ? 'its identity changed' : `${parts.join(', ')} changed`;
}

const same = (a: unknown, b: unknown): boolean =>
  a === undefined || b === undefined ? a === b : contentHash(a) === contentHash(b);
