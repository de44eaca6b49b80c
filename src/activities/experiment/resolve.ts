import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import type { Manifest } from '../../contracts/manifest.js';
import { traceModeOf } from '../../core/experiment/trace-mode.js';
import { contentHash } from '../../core/ids/hash.js';
import { buildEvaluators } from '../../evaluators/build-evaluators.js';
import { withParts } from '../../evaluators/parts.js';
import type { Evaluator } from '../../evaluators/port.js';
import { buildTarget } from '../../targets/build-targets.js';
import type { Target } from '../../targets/port.js';
import { createInputCheck } from './input-check.js';
import { scanItems } from './item-scan.js';
import { selectItems } from './item-selection.js';
import { openItems } from './item-stream.js';
import type { ExperimentPorts, LoadedProject } from './ports.js';
import { backendOf, publishingPlatforms } from './run-platforms.js';

/** A submission with everything that its names point at. */
export interface ResolvedExperiment {
  readonly target: Target;
  readonly evaluators: readonly Evaluator[];
  readonly manifest: Manifest;
  readonly manifestHash: string;
  /** The spec with its backend pinned, and the dataset's version where that lives on a platform. */
  readonly spec: ExperimentSpec;
}

/** What of a config a run needs: the target and the evaluators of its spec. */
export async function resolveCode(
  spec: ExperimentSpec,
  project: LoadedProject,
  pinned?: Manifest,
): Promise<{ target: Target; evaluators: readonly Evaluator[] }> {
  const { config, root, codeHash, fetchPrompt } = project;
  const target = await buildTarget({
    name: spec.target,
    config,
    root,
    codeHash,
    ...(fetchPrompt === undefined ? {} : { fetchPrompt }),
    ...(pinned === undefined ? {} : { pinned: pinned.target }),
  });
  const asked = spec.evaluators ?? target.evaluators ?? Object.keys(config.evaluators);
  const names = withParts(asked, config.evaluators);
  const evaluators = await buildEvaluators({
    configs: config.evaluators,
    names,
    models: config.models,
    codeHash,
    readText: (path) => readFile(join(root, path), 'utf8'),
  });
  return { target, evaluators };
}

/** Where the run's traces go, as it is from now on: a config that is edited later changes nothing of it. */
export function withTrace(spec: ExperimentSpec, { config }: LoadedProject): ExperimentSpec {
  const target = Object.hasOwn(config.targets, spec.target)
    ? config.targets[spec.target]?.trace
    : undefined;
  const trace = traceModeOf({ spec: spec.trace, target, project: config.trace });
  // Where nothing is published there is nothing to read back.
  return trace === 'none' ? { ...spec, trace, verify: 'off' } : { ...spec, trace };
}

/** Who waits for a resolution, and how far it is. */
export interface ResolveWatch {
  readonly signal: AbortSignal;
  /** Told how many items were read so far. */
  readonly onItems?: (items: number) => void;
}

/**
 * Resolves a submission: target, evaluators, and the identity of the dataset's content, in memory that does not grow with it.
 *
 * @throws AssayError TARGET_NOT_FOUND, EVALUATOR_NOT_FOUND, DATASET_*, PROMPT_*, TARGET_VARIABLE_MISSING, CONFIG_INVALID,
 *   PLATFORM_*
 */
export async function resolveExperiment(
  asked: ExperimentSpec,
  ports: ExperimentPorts,
  { signal, onItems }: ResolveWatch,
): Promise<ResolvedExperiment> {
  // Pinned: a config that is edited later moves no run that was submitted before.
  const submitted = withTrace({ ...asked, backend: backendOf(asked, ports) }, ports.project);
  publishingPlatforms(submitted, ports);
  const { target, evaluators } = await resolveCode(submitted, ports.project);
  const stream = await openItems(submitted, ports);
  const selection = await selectItems(stream, signal);
  const inputs = createInputCheck(target);
  const { itemsHash, items } = await scanItems(stream, {
    signal,
    selection,
    onPage: (page) => {
      for (const { item } of page) inputs.add(item);
      onItems?.(inputs.items);
    },
  });
  inputs.throwIfMissing();
  const manifest: Manifest = {
    version: 1,
    dataset: {
      name: submitted.dataset.name,
      itemsHash,
      items,
      ...(selection === undefined ? {} : { sample: selection.sample }),
    },
    target: target.identity,
    evaluators: evaluators.map((each) => each.identity),
    repetitions: submitted.repetitions,
  };
  return {
    target,
    evaluators,
    manifest,
    manifestHash: contentHash(manifest),
    spec: stream.spec,
  };
}
