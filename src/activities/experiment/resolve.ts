import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import type { Manifest } from '../../contracts/manifest.js';
import type { DatasetItem } from '../../contracts/records.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import { contentHash } from '../../core/ids/hash.js';
import { deepestNesting, nestsDeeperThan } from '../../core/json/nesting.js';
import { datasetHash, itemHash } from '../../core/manifest/dataset-hash.js';
import { readLocalDataset } from '../../datasets/local-dataset.js';
import { buildEvaluators } from '../../evaluators/build-evaluators.js';
import type { Evaluator } from '../../evaluators/port.js';
import { buildTarget } from '../../targets/build-targets.js';
import type { Target } from '../../targets/port.js';
import { missingVariables } from '../../targets/prompt-folder.js';
import type { ExperimentPorts, LoadedProject } from './ports.js';

/** A submission with everything that its names point at. */
export interface ResolvedExperiment {
  readonly target: Target;
  readonly evaluators: readonly Evaluator[];
  readonly manifest: Manifest;
  readonly manifestHash: string;
  /** The spec with the dataset's version pinned, where it lives on the platform. */
  readonly spec: ExperimentSpec;
}

/** What of a config a run needs: the target and the evaluators of its spec. */
export async function resolveCode(
  spec: ExperimentSpec,
  project: LoadedProject,
  pinned?: Manifest,
): Promise<{ target: Target; evaluators: readonly Evaluator[] }> {
  const { config, root, codeHash } = project;
  const target = await buildTarget({
    name: spec.target,
    config,
    root,
    codeHash,
    ...(pinned === undefined ? {} : { pinned: pinned.target }),
  });
  const names = spec.evaluators ?? target.evaluators ?? Object.keys(config.evaluators);
  const evaluators = await buildEvaluators({
    configs: config.evaluators,
    names,
    models: config.models,
    codeHash,
    readText: (path) => readFile(join(root, path), 'utf8'),
  });
  return { target, evaluators };
}

/**
 * Resolves a submission: target, evaluators, and the dataset's content.
 *
 * @throws AssayError TARGET_NOT_FOUND, EVALUATOR_NOT_FOUND, DATASET_*, PROMPT_*, CONFIG_INVALID, PLATFORM_*
 */
export async function resolveExperiment(
  submitted: ExperimentSpec,
  ports: ExperimentPorts,
  signal: AbortSignal,
): Promise<ResolvedExperiment> {
  const { target, evaluators } = await resolveCode(submitted, ports.project);
  const pages = await datasetPages(submitted, ports, signal);
  const hashes: [string, string][] = [];
  const lacking = new Map<string, string[]>();
  for await (const page of pages.items) {
    for (const item of page) {
      refuseTooDeep(item, submitted.dataset.name);
      hashes.push([item.id, itemHash(item)]);
      for (const name of missingVariables(target.variables, item.input)) {
        lacking.set(name, [...(lacking.get(name) ?? []), item.id]);
      }
    }
  }
  if (hashes.length === 0) {
    throw new AssayError('DATASET_EMPTY', `The dataset "${submitted.dataset.name}" has no items.`);
  }
  if (lacking.size > 0) throw variablesMissing(submitted.target, { lacking, items: hashes.length });
  const manifest: Manifest = {
    version: 1,
    dataset: {
      name: submitted.dataset.name,
      itemsHash: datasetHash(hashes),
      items: hashes.length,
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
    spec: pages.spec,
  };
}

// Items of a platform's dataset come from anybody; what they hold is hashed, stored and sent recursively.
function refuseTooDeep(item: DatasetItem, dataset: string): void {
  const { id, input, expected, metadata } = item;
  for (const [at, value] of Object.entries({ input, expected, metadata })) {
    if (!nestsDeeperThan(value, deepestNesting)) continue;
    const message = `is nested deeper than ${deepestNesting} levels`;
    throw new AssayError('DATASET_INVALID', `The dataset "${dataset}" cannot be run.`, {
      problems: [{ at: `${id}: ${at}`, message }],
    });
  }
}

function variablesMissing(
  target: string,
  { lacking, items }: { lacking: ReadonlyMap<string, readonly string[]>; items: number },
): AssayError {
  const problems: Problem[] = [...lacking].map(([name, ids]) => ({
    at: `{{${name}}}`,
    message:
      ids.length === items
        ? `no item has the input "${name}"`
        : `${ids.length} of ${items} items have no input "${name}" (${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''})`,
    mend: 'Rename the variable in prompt.txt, or add the input to the items.',
  }));
  return new AssayError(
    'PROMPT_VARIABLE_MISSING',
    `The prompt of "${target}" uses variables that items do not have.`,
    { problems },
  );
}

/**
 * The items of a spec's dataset, page by page: from the project's folder where it is there, else from the platform at a
 * pinned moment.
 *
 * @throws AssayError DATASET_NOT_FOUND
 */
export async function datasetPages(
  spec: ExperimentSpec,
  ports: ExperimentPorts,
  signal: AbortSignal,
): Promise<{
  readonly local: boolean;
  readonly spec: ExperimentSpec;
  readonly items: AsyncIterable<readonly DatasetItem[]> | Iterable<readonly DatasetItem[]>;
}> {
  const { config, root } = ports.project;
  const folder = join(root, config.datasetsFolder);
  const local = await readLocalDataset(folder, spec.dataset.name);
  if (local !== undefined) return { local: true, spec, items: pagesOf(local, 100) };
  const [platform] = ports.platforms;
  if (platform === undefined) throw notFound(spec.dataset.name, folder);
  const version = spec.dataset.version ?? new Date().toISOString();
  return {
    local: false,
    spec: { ...spec, dataset: { name: spec.dataset.name, version } },
    items: platform.readItems({ dataset: spec.dataset.name, version, signal }),
  };
}

function notFound(name: string, folder: string): AssayError {
  return new AssayError('DATASET_NOT_FOUND', `There is no dataset "${name}".`, {
    mend: `Put it into ${join(folder, name)}, or check its name on the platform.`,
  });
}

/** Cuts a list into pages. */
export function* pagesOf<Item>(items: readonly Item[], size: number): Iterable<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
