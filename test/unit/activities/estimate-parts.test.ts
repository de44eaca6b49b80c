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
  models: {
    judge: { model: 'demo-small', price: { input: 1, output: 1 }, parameters: { max_tokens: 50 } },
    vectors: { model: 'demo-embedding', price: { input: 2, output: 0 } },
  },
  targets: { api: { kind: 'http', url: 'http://127.0.0.1:1/', costPerRequestUsd: 0.5 } },
  evaluators: {
    near: { kind: 'embedding_similarity', model: 'vectors' },
    asked: { kind: 'http', url: 'http://127.0.0.1:1/', costPerRequestUsd: 0.25 },
    unpriced: { kind: 'http', url: 'http://127.0.0.1:1/' },
  },
});

const input = Array.from({ length: 50 }, () => 'word').join(' ');

const rendered = (n: number) => {
  const request = { model: 'judge', messages: [{ role: 'user', content: input }] };
  return { n, example: request, longest: request, inputTokens: { n, mean: 100, sd: 10 } };
};

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
      judges: new Map([['tone', { ...rendered(2), share: 1.5 }]]),
      anchors: new Map([['tone', rendered(3)]]),
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

describe('what a judge is asked', () => {
  const judgeParts = async () =>
    plannedParts(await contextOf()).filter(({ scope }) => scope.startsWith('judge:tone'));

  it('is told for its outputs and, once in the run, for its anchors, of which every token is counted', async () => {
    const [outputs, anchors] = await judgeParts();
    expect(outputs).toMatchObject({ scope: 'judge:tone', calls: { low: 3, high: 3 } });
    expect(anchors).toMatchObject({
      scope: 'judge:tone/anchors',
      model: 'openai/demo-small',
      calls: { low: 3, likely: 3, high: 3 },
      inputTokens: { low: 300, likely: 300, high: 300 },
      outputTokens: { low: 0, high: 150 },
    });
    expect(anchors?.costUsd).toMatchObject({ high: 450e-6 });
  });

  it('again where its answer is no verdict is said as "up to", and in no figure', async () => {
    for (const { calls } of await judgeParts()) {
      expect(calls).toMatchObject({
        basis: expect.stringContaining('up to 3 more, in none of these figures'),
      });
    }
  });
});
