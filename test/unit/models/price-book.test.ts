import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { configSchema, type ModelConfig } from '../../../src/contracts/config.js';
import { createPriceBook } from '../../../src/models/prices/price-book.js';
import { publishedPrices } from '../../../src/models/prices/published.js';

const modelOf = (given: Record<string, unknown>): ModelConfig => {
  const config = configSchema.parse({
    project: 'p',
    models: { it: given },
    targets: {},
    evaluators: {},
  });
  const { it: model } = config.models;
  if (model === undefined) throw new Error('no model');
  return model;
};
const book = createPriceBook({});
const call = (at = '2026-06-01', change: { kind?: 'embedding'; inputTokens?: number } = {}) =>
  ({ at: new Date(at), kind: 'chat', inputTokens: 100, ...change }) as const;

describe('the price of a call', () => {
  it('is the config’s where it has one, by the day of the call', () => {
    const model = modelOf({
      model: 'gpt-4o-mini',
      price: [
        { input: 3, output: 4, effectiveFrom: '2026-03-01' },
        { input: 1, output: 2, effectiveFrom: '2026-01-01' },
      ],
    });
    expect(book.priceOf(model, call('2026-02-28T23:59:59Z'))).toEqual({ input: 1, output: 2 });
    expect(book.priceOf(model, call('2026-03-01T00:00:00Z'))).toEqual({ input: 3, output: 4 });
    // Before all of them the list price holds.
    expect(book.sourced(model, call('2025-12-31'))).toMatchObject({
      source: 'published',
      price: { input: 0.15, output: 0.6, cachedInput: 0.075 },
    });
  });

  it('is the list price of that day, with the provider’s page', () => {
    const model = modelOf({ model: 'o3' });
    expect(book.sourced(model, call('2025-06-01'))).toMatchObject({ price: { input: 10 } });
    expect(book.sourced(model, call('2025-06-10'))).toMatchObject({
      price: { input: 2, output: 8 },
      from: '2025-06-10',
      asOf: publishedPrices.released,
    });
    expect(book.sourced(model, call())?.pages[0]).toMatch(/^https:\/\/.*openai\.com/);
  });

  it('rises with the length of the input where the list says so', () => {
    const model = modelOf({ model: 'gemini-2.5-pro', provider: 'google' });
    expect(book.priceOf(model, call())).toMatchObject({ input: 1.25, output: 10 });
    expect(book.priceOf(model, call(undefined, { inputTokens: 200_001 }))).toMatchObject({
      input: 2.5,
      output: 15,
    });
  });

  it('is that of whoever answers at the address, whatever the provider is called', () => {
    const groq = modelOf({ model: 'gpt-4o-mini', baseUrl: 'https://api.groq.com/openai/v1' });
    expect(book.priceOf(groq, call())).toBeUndefined();
  });

  it('is unknown and not zero for models and providers that no list has, and for names of every object', () => {
    for (const given of [
      { model: 'demo-small' },
      { model: 'gpt-4o-mini', provider: 'my-openai-gateway' },
      { model: 'constructor' },
    ]) {
      expect(book.priceOf(modelOf(given), call())).toBeUndefined();
    }
  });

  it('of vectors needs no price of output; the same of a chat is unknown', () => {
    const model = modelOf({ model: 'text-embedding-3-small' });
    expect(book.priceOf(model, call(undefined, { kind: 'embedding' }))).toEqual({
      input: 0.02,
      output: 0,
    });
    expect(book.priceOf(model, call())).toBeUndefined();
  });

  it('names the version of the list that is installed', () => {
    const installed = JSON.parse(
      readFileSync(`node_modules/${publishedPrices.package}/package.json`, 'utf8'),
    ) as { version: string };
    expect(publishedPrices.version).toBe(installed.version);
  });
});
