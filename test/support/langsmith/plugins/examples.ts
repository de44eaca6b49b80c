import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import { microsOf } from '../clock.js';
import type { Context, Plugin } from '../context.js';
import { datasetById, exampleById } from '../datasets/find.js';
import { momentOf, stateAt } from '../datasets/history.js';
import { exampleView } from '../datasets/view.js';
import type { NewExample } from '../datasets/write.js';
import { addExamples, changeExamples, removeExamples } from '../datasets/write.js';
import { notFound, unprocessable } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { objectMap, parseBody, parseQuery, uuid, uuidParam } from '../http/validate.js';

const split = z.union([z.string(), z.array(z.string())]).nullish();

const createSchema = z.object({
  dataset_id: uuid,
  id: uuid.nullish(),
  created_at: z.string().nullish(),
  inputs: objectMap.nullish(),
  outputs: objectMap.nullish(),
  metadata: objectMap.nullish(),
  split,
  source_run_id: uuid.nullish(),
});

const changeSchema = z.object({
  inputs: objectMap.nullish(),
  outputs: objectMap.nullish(),
  metadata: objectMap.nullish(),
  split,
  attachments_operations: z.null().optional(),
});

const readSchema = z.object({ as_of: z.string().optional(), dataset: uuid.optional() });

export const examples: Plugin = (context) => [
  {
    path: '/examples',
    methods: {
      POST: (call) => {
        const [created] = createMany(context, call, [call.json()]);
        return ok(created);
      },
      DELETE: (call) => {
        const query = parseQuery(z.object({ example_ids: z.array(uuid).min(1) }), call.query, [
          'example_ids',
        ]);
        removeMany(context, call, query.example_ids);
        return ok({});
      },
    },
  },
  {
    path: '/examples/bulk',
    methods: {
      POST: (call) => ok(createMany(context, call, parseBody(z.array(z.unknown()), call.json()))),
      PATCH: (call) => patchBulk(context, call),
    },
  },
  {
    path: '/examples/{example}',
    methods: {
      GET: readOne,
      PATCH: (call) => {
        patchMany(context, call, [{ ...parseBody(objectMap, call.json()), id: idOf(call) }]);
        return ok({ message: `Example ${idOf(call)} updated` });
      },
      DELETE: (call) => {
        removeMany(context, call, [idOf(call)]);
        return ok({});
      },
    },
  },
  {
    path: '/platform/datasets/examples/delete',
    half: 'ingest',
    methods: { POST: (call) => deleteForGood(context, call) },
  },
];

const idOf = ({ params }: Call): string => uuidParam(params, 'example');

function createMany({ clock }: Context, call: Call, bodies: readonly unknown[]): unknown[] {
  const inputs = bodies.map((body) => parseBody(createSchema, body));
  const [first] = inputs;
  if (first === undefined) return [];
  if (inputs.some((input) => input.dataset_id !== first.dataset_id))
    throw unprocessable('All examples must belong to the same dataset');
  const dataset = datasetById(call.workspace, first.dataset_id);
  const added = inputs.map((input) => newExample(input));
  const write = { workspace: call.workspace, dataset, at: clock.now(), half: 'api' as const };
  addExamples(write, added);
  return added.flatMap(({ id }) => {
    const state = stateAt(dataset.histories.get(id) ?? []);
    return state === undefined ? [] : [exampleView(dataset, state)];
  });
}

function newExample(input: z.output<typeof createSchema>): NewExample {
  return {
    id: input.id ?? randomUUID(),
    createdAt: microsOf(input.created_at),
    inputs: input.inputs ?? {},
    outputs: input.outputs ?? null,
    metadata: input.metadata ?? null,
    split: input.split ?? null,
    sourceRunId: input.source_run_id ?? null,
  };
}

function patchBulk(context: Context, call: Call): Reply {
  const bodies = parseBody(z.array(objectMap), call.json());
  patchMany(context, call, bodies);
  return ok({ message: `${bodies.length} examples updated` });
}

function patchMany({ clock }: Context, call: Call, bodies: readonly unknown[]): void {
  const at = clock.now();
  for (const body of bodies) {
    const { id } = parseBody(z.object({ id: uuid }), body);
    const change = parseBody(changeSchema, body);
    const dataset = exampleById(call.workspace, id)?.dataset;
    if (dataset === undefined) throw notFound('Example not found');
    changeExamples({ workspace: call.workspace, dataset, at, half: 'api' }, [
      {
        id,
        inputs: change.inputs ?? undefined,
        outputs: change.outputs ?? undefined,
        metadata: change.metadata ?? undefined,
        split: change.split ?? undefined,
      },
    ]);
  }
}

function removeMany({ clock }: Context, call: Call, ids: readonly string[]): void {
  const at = clock.now();
  for (const id of ids) {
    const dataset = exampleById(call.workspace, id)?.dataset;
    if (dataset === undefined) throw notFound('Example not found');
    removeExamples({ workspace: call.workspace, dataset, at, half: 'api' }, [id]);
  }
}

/** Takes them out of every version. */
function deleteForGood({ clock }: Context, call: Call): Reply {
  const input = parseBody(
    z.object({ example_ids: z.array(uuid).max(1_000), hard_delete: z.literal(true) }),
    call.json(),
  );
  for (const id of input.example_ids) {
    const dataset = exampleById(call.workspace, id)?.dataset;
    if (dataset === undefined) continue;
    dataset.histories.delete(id);
    dataset.modifiedAt = clock.now();
  }
  return ok({ count: input.example_ids.length });
}

function readOne(call: Call): Reply {
  const query = parseQuery(readSchema, call.query);
  const found = exampleById(call.workspace, idOf(call));
  const state =
    found === undefined || (query.dataset !== undefined && query.dataset !== found.dataset.id)
      ? undefined
      : stateAt(found.history, momentOf(found.dataset, query.as_of));
  if (found === undefined || state === undefined) throw notFound('Example not found');
  return ok(exampleView(found.dataset, state));
}
