import type { GatePlan, GateRequest } from '../../contracts/gate-protocol.js';
import type { DatasetItem } from '../../contracts/records.js';
import type { Problem } from '../../core/errors/assay-error.js';
import { resolvePointer } from '../../core/json/pointer.js';
import { createProblemList } from '../../datasets/problem-list.js';
import { labelPages } from '../../store/cell-pages.js';
import { openItems } from '../experiment/item-stream.js';
import type { Beat } from '../heartbeat.js';
import type { RegressionPorts } from './ports.js';

/**
 * Fields that this gate names and that no item has: misspelt, or of another dataset. Those of the config are not looked at:
 * they are for all datasets of the project, and what is not there is told in the comparison.
 */
export async function unknownFields(
  { settings }: GateRequest,
  head: GatePlan['head'],
  on: { readonly ports: RegressionPorts; readonly beat: Beat },
): Promise<readonly Problem[]> {
  const { slices = [], cluster } = settings;
  const named = [
    ...slices.map((slice, at) => ({
      at: `settings.slices.${at}`,
      pointer: typeof slice === 'string' ? slice : slice.by,
    })),
    ...(cluster === undefined ? [] : [{ at: 'settings.cluster', pointer: cluster }]),
  ];
  if (named.length === 0) return [];
  const missing = new Set(named.map(({ pointer }) => pointer));
  for await (const found of fieldsFound(head, { ...on, missing })) {
    missing.delete(found);
    if (missing.size === 0) return [];
  }
  return named
    .filter(({ pointer }) => missing.has(pointer))
    .map(({ at, pointer }) => ({ at, message: `no item has a value at ${pointer}` }));
}

async function* fieldsFound(
  head: GatePlan['head'],
  on: {
    readonly ports: RegressionPorts;
    readonly beat: Beat;
    readonly missing: ReadonlySet<string>;
  },
): AsyncGenerator<string> {
  const { ports, beat, missing } = on;
  if (head.spec === undefined) {
    const pointers = [...missing];
    for await (const { labels } of labelPages(ports.store, head.experimentId, pointers)) {
      for (const [at, pointer] of pointers.entries()) {
        if (labels[at]?.some((value) => value !== null) === true) yield pointer;
      }
    }
    return;
  }
  const stream = await openItems(head.spec, ports);
  const problems = createProblemList();
  for await (const page of stream.pages({ problems, signal: beat.cancelled })) {
    for (const { item } of page) yield* presentIn(item, missing);
  }
}

function* presentIn(item: DatasetItem, pointers: Iterable<string>): Generator<string> {
  const { id, input, metadata, expected = null } = item;
  for (const pointer of [...pointers]) {
    const value = resolvePointer({ id, input, metadata, expected }, pointer);
    if (value !== undefined && value !== null) yield pointer;
  }
}
