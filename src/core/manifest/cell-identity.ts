import type { EvaluatorIdentity, Manifest } from '../../contracts/manifest.js';
import type { DatasetItem } from '../../contracts/records.js';
import { contentHash } from '../ids/hash.js';
import type { Json } from '../json/json.js';

/** The identities of the cells of one run: what lets a later run take over what stands already. */
export interface CellIdentities {
  /**
   * Of what decides the output: project, target, input, repetition, and for a function, which sees them too, the item's id
   * and metadata. 32 hex digits.
   */
  targetHash(cell: { readonly item: DatasetItem; readonly repetition: number }): string;
  /**
   * Of what decides the scores of each evaluator: the evaluator, the output, the item's input and expectation, and for one
   * that sees it (a function) its metadata. By evaluator, 32 hex digits each. One whose scores hang on what the target took
   * or did has none: two cells of one output can differ in that, and to measure it again costs nothing.
   */
  scoreHashes(cell: {
    readonly item: DatasetItem;
    readonly output: Json;
  }): ReadonlyMap<string, string>;
}

/**
 * The project is part of every hash: one project never sees another's outputs. Whether an evaluator is required decides how
 * a cell ends and not its score. What no hash can see is left to whoever asks for reuse: the moods of a model, a server
 * behind an HTTP target, packages and clocks of a function.
 */
export function createCellIdentities(run: {
  readonly project: string;
  readonly manifest: Pick<Manifest, 'target' | 'evaluators'>;
}): CellIdentities {
  const { project, manifest } = run;
  const target = contentHash(['assay-target', project, manifest.target]);
  const isFunction = manifest.target.kind === 'function';
  const evaluators = manifest.evaluators
    .filter(({ sees }) => !seesTarget(sees))
    .map((evaluator) => ({
      name: evaluator.name,
      seesMetadata: evaluator.kind === 'function' || evaluator.sees?.includes('metadata') === true,
      hash: contentHash(['assay-evaluator', project, decisive(evaluator)]),
    }));
  return {
    targetHash({ item, repetition }) {
      const seen = isFunction ? [item.id, item.metadata] : [];
      return short([target, repetition, item.input, ...seen]);
    },
    scoreHashes({ item, output }) {
      // One pass over the bodies for all evaluators.
      const judged = contentHash([output, item.input, optional(item.expected)]);
      const marks = contentHash(item.metadata);
      return new Map(
        evaluators.map(({ name, seesMetadata, hash }) => [
          name,
          short([hash, judged, ...(seesMetadata ? [marks] : [])]),
        ]),
      );
    },
  };
}

const seesTarget = (sees: EvaluatorIdentity['sees']): boolean =>
  sees?.some((each) => each !== 'metadata') === true;

/** The part of an evaluator's identity that decides its scores. Anchors tell of a judge and change none of them. */
export function decisive({ required: _required, judge, ...rest }: EvaluatorIdentity): unknown {
  if (judge === undefined) return rest;
  const { anchors: _anchors, ...own } = judge;
  return { ...rest, judge: own };
}

const optional = (value: Json | undefined): unknown =>
  value === undefined ? { absent: true } : { value };

// 128 bits: enough that two cells of a project never meet, and half the index.
const short = (value: unknown): string => contentHash(value).slice(0, 32);
