import { schemaViolation } from '../../../../src/devstack/langfuse/json-schema.js';
import { conflict, notFound, unprocessable } from '../http/errors.js';
import type { Half } from '../http/exchange.js';
import type { ObjectMap } from '../http/validate.js';
import type { Workspace } from '../workspace.js';
import type { Dataset } from './dataset.js';
import { exampleById } from './find.js';
import type { ExampleState } from './history.js';
import { stateAt } from './history.js';

export interface NewExample {
  readonly id: string;
  readonly createdAt: number | undefined;
  readonly inputs: ObjectMap;
  readonly outputs: ObjectMap | null;
  readonly metadata: ObjectMap | null;
  readonly split: string | readonly string[] | null;
  readonly sourceRunId: string | null;
}

/** What of an example changes; what is absent stays. */
export interface ExampleChange {
  readonly id: string;
  readonly inputs?: ObjectMap | undefined;
  readonly outputs?: ObjectMap | null | undefined;
  readonly metadata?: ObjectMap | undefined;
  readonly split?: string | readonly string[] | undefined;
}

interface Write {
  readonly workspace: Workspace;
  readonly dataset: Dataset;
  readonly at: number;
  readonly half: Half;
}

/** Adds examples as one version; none of them where one cannot be added. */
export function addExamples(write: Write, examples: readonly NewExample[]): void {
  const { workspace, dataset, at, half } = write;
  const given = new Set<string>();
  for (const example of examples) {
    if (given.has(example.id) || exampleById(workspace, example.id) !== undefined)
      throw conflict(`Example ${example.id} already exists`, half);
    given.add(example.id);
  }
  commit(
    write,
    examples.map((example) => ({
      id: example.id,
      at,
      createdAt: example.createdAt ?? at,
      deleted: false,
      inputs: example.inputs,
      outputs: example.outputs,
      metadata: withSplit(example.metadata ?? {}, example.split ?? ['base']),
      sourceRunId: example.sourceRunId,
    })),
  );
  if (examples.length > 0) dataset.modifiedAt = at;
}

/** Changes examples as one version; none of them where one is unknown or breaks the schema. */
export function changeExamples(write: Write, changes: readonly ExampleChange[]): void {
  const { dataset, at, half } = write;
  commit(
    write,
    changes.map((change) => {
      const before = stateAt(dataset.histories.get(change.id) ?? []);
      if (before === undefined) throw notFound(`Example ${change.id} not found`, half);
      const { metadata = before.metadata } = change;
      const split = change.split ?? metadata['dataset_split'] ?? before.metadata['dataset_split'];
      return {
        ...before,
        at,
        inputs: change.inputs ?? before.inputs,
        outputs: change.outputs === undefined ? before.outputs : change.outputs,
        metadata: withSplit(metadata, split as readonly string[]),
      };
    }),
  );
}

/** Takes examples out of the newest version; unknown ones are a 404, those that are out already are left alone. */
export function removeExamples(write: Write, ids: readonly string[]): void {
  const { dataset, at, half } = write;
  const states = ids.flatMap((id) => {
    const history = dataset.histories.get(id);
    if (history === undefined) throw notFound('Example not found', half);
    const before = stateAt(history);
    return before === undefined ? [] : [{ ...before, at, deleted: true }];
  });
  for (const state of states) dataset.histories.get(state.id)?.push(state);
  if (states.length > 0) dataset.modifiedAt = at;
}

function commit({ dataset, at, half }: Write, states: readonly ExampleState[]): void {
  for (const state of states) {
    const problem =
      schemaViolation(dataset.inputsSchema, state.inputs) ??
      (state.outputs === null ? undefined : schemaViolation(dataset.outputsSchema, state.outputs));
    if (problem !== undefined)
      throw unprocessable(
        `Example ${state.id} does not match the dataset's schema: ${problem}`,
        half,
      );
  }
  for (const state of states) {
    const history = dataset.histories.get(state.id) ?? [];
    history.push(state);
    dataset.histories.set(state.id, history);
  }
  if (states.length > 0) dataset.modifiedAt = at;
}

function withSplit(metadata: ObjectMap, split: string | readonly string[]): ObjectMap {
  return { ...metadata, dataset_split: typeof split === 'string' ? [split] : [...split] };
}
