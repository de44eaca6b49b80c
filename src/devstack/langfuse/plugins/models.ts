import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { badRequest, notFound } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import { pageMeta, pageQuery, parse, queryObject } from '../http/validate.js';
import { newCuid } from '../ids.js';
import type { ModelPrice } from '../otlp/prices.js';
import { knownModels, matchesModel } from '../otlp/prices.js';

const price = z.number().min(0).nullish();
const createSchema = z.object({
  modelName: z.string().min(1),
  matchPattern: z.string(),
  startDate: z.string().nullish(),
  unit: z.string().nullish(),
  inputPrice: price,
  outputPrice: price,
  totalPrice: price,
  tokenizerId: z.string().nullish(),
  tokenizerConfig: z.unknown().optional(),
});

interface Model extends ModelPrice {
  readonly createdAt: string;
  readonly unit: string | null;
  readonly managed: boolean;
}

export const models: Plugin = (context) => [
  {
    path: '/api/public/models',
    methods: { GET: (call) => list(context, call), POST: (call) => create(context, call) },
  },
  {
    path: '/api/public/models/{id}',
    methods: {
      GET: async ({ params }) => {
        const found = (await allModels(context)).find(({ id }) => id === params['id']);
        if (found === undefined) throw notFound('No model with this id found.');
        return ok(modelView(found));
      },
      DELETE: (call) => remove(context, call),
    },
  },
];

// Own models change rarely, exports come by the hundred: what was read is kept for a moment.
const keptMs = 1_000;
const cache = new WeakMap<
  DevServerContext,
  { at: number; models: readonly Model[]; prices: Map<string, ModelPrice | undefined> }
>();

/** Looks up the price of a model name; own models come before the known ones. */
export async function modelPrices(
  context: DevServerContext,
): Promise<(model: string) => ModelPrice | undefined> {
  let kept = cache.get(context);
  if (kept === undefined || Date.now() - kept.at > keptMs) {
    kept = { at: Date.now(), models: await allModels(context), prices: new Map() };
    cache.set(context, kept);
  }
  const { models: known, prices } = kept;
  return (name) => {
    if (!prices.has(name))
      prices.set(
        name,
        known.find(({ matchPattern }) => matchesModel(matchPattern, name)),
      );
    return prices.get(name);
  };
}

async function allModels({ database, project }: DevServerContext): Promise<readonly Model[]> {
  const rows = await database.rows<{ body: Model }>(
    'select body from models where project_id = $1 order by seq desc',
    [project.id],
    'all-models',
  );
  const createdAt = '2024-01-01T00:00:00.000Z';
  const managed = knownModels.map((model) => {
    const unit = model.modelName === 'chat-bison' ? 'CHARACTERS' : 'TOKENS';
    return { ...model, createdAt, unit, managed: true };
  });
  return [...rows.map(({ body }) => body), ...managed];
}

async function create(context: DevServerContext, { body }: Call): Promise<Reply> {
  const input = parse(createSchema, body);
  try {
    matchesModel(input.matchPattern, '');
  } catch {
    throw badRequest('matchPattern is not a valid regex pattern (Postgres)');
  }
  const model: Model = {
    id: newCuid(),
    createdAt: new Date().toISOString(),
    modelName: input.modelName,
    matchPattern: input.matchPattern,
    input: input.inputPrice ?? null,
    output: input.outputPrice ?? null,
    total: input.totalPrice ?? null,
    unit: input.unit ?? null,
    managed: false,
  };
  await context.database.rows('insert into models (project_id, id, body) values ($1, $2, $3)', [
    context.project.id,
    model.id,
    JSON.stringify(model),
  ]);
  cache.delete(context);
  return ok(modelView(model));
}

async function remove(context: DevServerContext, { params }: Call): Promise<Reply> {
  const gone = await context.database.rows(
    'delete from models where project_id = $1 and id = $2 returning id',
    [context.project.id, params['id'] ?? ''],
  );
  if (gone.length === 0) throw notFound('No model with this id found.');
  cache.delete(context);
  return ok({ message: 'Model successfully deleted' });
}

async function list(context: DevServerContext, call: Call): Promise<Reply> {
  const query = parse(pageQuery, queryObject(call.query));
  const all = [...(await allModels(context))].sort((a, b) => (a.modelName < b.modelName ? -1 : 1));
  const from = (query.page - 1) * query.limit;
  return ok({
    data: all.slice(from, from + query.limit).map(modelView),
    meta: pageMeta(query, all.length),
  });
}

function modelView(model: Model) {
  const given = Object.entries({
    input: model.input,
    output: model.output,
    total: model.total,
  }).filter((entry): entry is [string, number] => entry[1] !== null);
  const tokenizer = model.managed && model.unit === 'TOKENS';
  return {
    id: model.id,
    createdAt: model.createdAt,
    modelName: model.modelName,
    matchPattern: model.matchPattern,
    startDate: null,
    tokenizerId: tokenizer ? 'openai' : null,
    tokenizerConfig: tokenizer ? { tokenizerModel: model.modelName } : null,
    unit: model.unit,
    inputPrice: model.input,
    outputPrice: model.output,
    totalPrice: model.total,
    prices: Object.fromEntries(given.map(([type, value]) => [type, { price: value }])),
    isLangfuseManaged: model.managed,
    pricingTiers: [
      {
        id: `${model.id}_tier_default`,
        name: 'Standard',
        isDefault: true,
        priority: 0,
        conditions: [],
        prices: Object.fromEntries(given),
      },
    ],
  };
}
