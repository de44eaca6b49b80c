import { z } from 'zod';

import type { Context, Plugin } from '../context.js';
import type { Dataset } from '../datasets/dataset.js';
import { datasetOf } from '../datasets/find.js';
import { examplesAt, momentOf, splitsOf, stateAt } from '../datasets/history.js';
import { changeExamples } from '../datasets/write.js';
import { notFound, unprocessable } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { parseBody, parseQuery, uuid } from '../http/validate.js';

const putSchema = z.object({
  split_name: z.string().min(1),
  examples: z.array(uuid),
  remove: z.boolean().default(false),
});

const bulkSchema = z.object({
  example_ids: z.array(uuid).max(10_000),
  operations: z.array(
    z.object({
      key: z.string(),
      operation: z.string().transform((name) => name.toLowerCase()),
      values: z.array(z.string()),
    }),
  ),
});

export const datasetSplits: Plugin = (context) => [
  {
    path: '/datasets/{dataset}/splits',
    methods: {
      GET: (call) => {
        const dataset = datasetOf(call);
        const query = parseQuery(z.object({ as_of: z.string().optional() }), call.query);
        return ok(splitNames(dataset, momentOf(dataset, query.as_of)));
      },
      PUT: (call) => put(context, call),
    },
  },
  {
    path: '/platform/datasets/{dataset}/examples/metadata',
    half: 'ingest',
    methods: { PATCH: (call) => patchMany(context, call) },
  },
];

const splitNames = (dataset: Dataset, at?: number): readonly string[] =>
  [...new Set(examplesAt(dataset, at).flatMap(splitsOf))].sort();

function put(context: Context, call: Call): Reply {
  const dataset = datasetOf(call);
  const input = parseBody(putSchema, call.json());
  regroup(context, call, {
    dataset,
    ids: input.examples,
    names: [input.split_name],
    remove: input.remove,
  });
  return ok(splitNames(dataset));
}

function patchMany(context: Context, call: Call): Reply {
  const dataset = datasetOf(call, 'ingest');
  const input = parseBody(bulkSchema, call.json());
  for (const { key, operation, values } of input.operations) {
    if (key !== 'dataset_split' || !/^array_(?:add|remove)$/.test(operation))
      throw unprocessable(
        `The test server only adds to and removes from dataset_split, not ${operation} ${key}`,
        'ingest',
      );
    const remove = operation === 'array_remove';
    regroup(context, call, { dataset, ids: input.example_ids, names: values, remove });
  }
  return ok({ count: input.example_ids.length, example_ids: input.example_ids });
}

interface Regroup {
  readonly dataset: Dataset;
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly remove: boolean;
}

/** One version for all of them; those that stand in the split already get no new state. */
function regroup({ clock }: Context, call: Call, change: Regroup): void {
  const { dataset, ids, names, remove } = change;
  const changes = ids.flatMap((id) => {
    const state = stateAt(dataset.histories.get(id) ?? []);
    if (state === undefined) throw notFound(`Example ${id} not found`);
    const before = splitsOf(state);
    const split = remove
      ? before.filter((name) => !names.includes(name))
      : [...new Set([...before, ...names])];
    return split.length === before.length ? [] : [{ id, split }];
  });
  const write = { workspace: call.workspace, dataset, at: clock.now(), half: 'api' as const };
  changeExamples(write, changes);
}
