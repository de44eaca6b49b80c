import { z } from 'zod';

import { microsOf, zonedIso } from '../clock.js';
import type { Context, Plugin } from '../context.js';
import { datasetOf } from '../datasets/find.js';
import { addExamples, changeExamples } from '../datasets/write.js';
import { unprocessable } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import type { Part } from '../http/multipart.js';
import type { ObjectMap } from '../http/validate.js';
import { isUuid, objectMap, parseBody, uuid } from '../http/validate.js';

const bodySchema = z.object({
  created_at: z.string().nullish(),
  metadata: objectMap.nullish(),
  split: z.union([z.string(), z.array(z.string())]).nullish(),
  source_run_id: uuid.nullish(),
  use_source_run_io: z.literal(false, 'Not known to this test server').optional(),
});

/** Examples as the client sends them: a part `{id}`, and `{id}.inputs`, `{id}.outputs` beside it. One request, one version. */
export const examplesMultipart: Plugin = (context) => [
  {
    path: '/platform/datasets/{dataset}/examples',
    half: 'ingest',
    methods: {
      POST: (call) => upload(context, call),
      PATCH: (call) => update(context, call),
    },
  },
];

interface Given {
  readonly id: string;
  readonly body: z.output<typeof bodySchema>;
  readonly inputs: ObjectMap | undefined;
  readonly outputs: ObjectMap | undefined;
}

function upload({ clock }: Context, call: Call): Reply {
  const dataset = datasetOf(call, 'ingest');
  const given = examplesOf(call.parts());
  const at = clock.now();
  addExamples(
    { workspace: call.workspace, dataset, at, half: 'ingest' },
    given.map(({ id, body, inputs, outputs }) => {
      if (inputs === undefined)
        throw unprocessable(`Example ${id} has no part ${id}.inputs`, 'ingest');
      return {
        id,
        createdAt: microsOf(body.created_at),
        inputs,
        outputs: outputs ?? null,
        metadata: body.metadata ?? null,
        split: body.split ?? null,
        sourceRunId: body.source_run_id ?? null,
      };
    }),
  );
  return summary(201, given, at);
}

function update({ clock }: Context, call: Call): Reply {
  const dataset = datasetOf(call, 'ingest');
  const given = examplesOf(call.parts());
  const at = clock.now();
  changeExamples(
    { workspace: call.workspace, dataset, at, half: 'ingest' },
    given.map(({ id, body, inputs, outputs }) => ({
      id,
      inputs,
      outputs,
      metadata: body.metadata ?? undefined,
      split: body.split ?? undefined,
    })),
  );
  return summary(200, given, at);
}

function summary(status: number, given: readonly Given[], at: number): Reply {
  return {
    status,
    json: { count: given.length, example_ids: given.map(({ id }) => id), as_of: zonedIso(at) },
  };
}

function examplesOf(parts: readonly Part[]): readonly Given[] {
  const byId = new Map<string, Map<string, unknown>>();
  for (const { name, data } of parts) {
    const [id = '', field = '', ...rest] = name.split('.');
    if (!isUuid(id)) throw unprocessable(`Invalid part name: ${name}`, 'ingest');
    if (field.startsWith('attachment'))
      throw unprocessable('Attachments are not kept by this test server', 'ingest');
    if (rest.length > 0 || !['', 'inputs', 'outputs'].includes(field))
      throw unprocessable(`Invalid part name: ${name}`, 'ingest');
    const fields = byId.get(id.toLowerCase()) ?? new Map<string, unknown>();
    if (fields.has(field)) throw unprocessable(`Part ${name} is given twice`, 'ingest');
    fields.set(field, parsePart(name, data));
    byId.set(id.toLowerCase(), fields);
  }
  if (byId.size === 0) throw unprocessable('No examples given', 'ingest');
  return [...byId].map(([id, fields]) => ({
    id,
    body: parseBody(bodySchema, fields.get('')),
    inputs: mapOf(fields.get('inputs')),
    outputs: mapOf(fields.get('outputs')),
  }));
}

const mapOf = (value: unknown): ObjectMap | undefined =>
  value === undefined ? undefined : parseBody(objectMap, value);

function parsePart(name: string, data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    throw unprocessable(`Part ${name} is no JSON`, 'ingest');
  }
}
