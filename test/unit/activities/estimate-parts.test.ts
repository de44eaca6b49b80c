import { describe, expect, it } from '@jest/globals';

import {
  plannedParts,
  type PartContext,
} from '../../../src/activities/experiment/estimate-parts.js';
import { configSchema } from '../../../src/contracts/config.js';
import { buildEvaluators } from '../../../src/evaluators/build-evaluators.js';
import { createPriceBook } from '../../../src/models/prices/price-book.js';

const config = configSchema.parse({
  project: 'p',
  models: { vectors: { model: 'demo-embedding', price: { input: 2, output: 0 } } },
  targets: { api: { kind: 'http', url: 'http://127.0.0.1:1/', costPerRequestUsd: 0.5 } },
  evaluators: {
    near: { kind: 'embedding_similarity', model: 'vectors' },
    asked: { kind: 'http', url: 'http://127.0.0.1:1/', costPerRequestUsd: 0.25 },
    unpriced: { kind: 'http', url: 'http://127.0.0.1:1/' },
  },
});

const input = Array.from({ length: 50 }, () => 'word').join(' ');

async function contextOf(): Promise<PartContext> {
  const evaluators = await buildEvaluators({
    configs: config.evaluators,
    names: Object.keys(config.evaluators),
    models: config.models,
    codeHash: 'c'.repeat(64),
    readText: () => Promise.reject(new Error('No file is asked for.')),
  });
  const spread = { n: 2, mean: 10, sd: 1 };
  const partly = {
    spec: { target: 'api' },
    ports: { project: { config }, prices: createPriceBook({}) },
    target: { planned: { kind: 'http', costPerRequestUsd: 0.5 } },
    evaluators,
    planned: {
      items: 2,
      of: undefined,
      counted: 2,
      target: undefined,
      judges: new Map(),
      vectors: new Map([
        [
          'near',
          {
            model: 'vectors',
            longest: { model: 'vectors', input: [input, input] },
            inputTokens: spread,
            share: 1,
          },
        ],
      ]),
    },
    history: { cells: undefined, calls: [] },
    cells: 2,
  };
  return partly as unknown as PartContext;
}

const holds = async (): Promise<Readonly<Record<string, number | undefined>>> => {
  const parts = plannedParts(await contextOf());
  return Object.fromEntries(parts.map(({ scope, holdUsd }) => [scope, holdUsd]));
};

describe('what a budget must hold for the last call', () => {
  it('is the price of a request to an HTTP target and to an HTTP evaluator, and unsaid where nobody knows it', async () => {
    expect(await holds()).toMatchObject({ target: 0.5, 'judge:asked': 0.25 });
    expect((await holds())['judge:unpriced']).toBeUndefined();
  });

  it('is, of an evaluator that asks for vectors, what its longest request can take at most', async () => {
    const held = (await holds())['judge:near'];
    // A byte is a token at most, so about 500 of them at two dollars a million; the body has names around the texts.
    expect(held).toBeGreaterThan((2 * input.length * 2) / 1e6);
    expect(held).toBeLessThan((2 * input.length * 2 * 2) / 1e6);
  });
});
