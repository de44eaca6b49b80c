import { afterAll, describe, expect, it } from '@jest/globals';

import type { Json } from '../../../src/core/json/json.js';
import { createThreadPool } from '../../../src/evaluators/threads/thread-pool.js';
import { build, evaluate, scoreOf } from './support.js';

const threads = createThreadPool({ size: 1, idleMs: 60_000 });
afterAll(() => threads.close());

const check = async (schema: object, output: Json, path?: string) =>
  scoreOf(
    await build(
      { kind: 'json_schema', schema, ...(path === undefined ? {} : { path }) },
      { threads },
    ),
    { output },
  );
const triage = {
  type: 'object',
  required: ['category'],
  additionalProperties: false,
  properties: { category: { enum: ['billing', 'bug'] }, urgency: { type: 'integer' } },
};

describe('json_schema', () => {
  it('passes what fits and names every place that does not', async () => {
    expect((await check(triage, { category: 'bug', urgency: 2 })).passed).toBe(true);
    const score = await check(triage, { category: 'x', urgency: 1.5, more: 1 });
    expect(score).toMatchObject({ passed: false, value: { type: 'BOOLEAN', value: false } });
    expect(score.comment?.failed_items).toEqual([
      'the value must NOT have additional properties',
      '/category must be equal to one of the allowed values',
      '/urgency must be integer',
    ]);
  });

  it('reads text as JSON where the text itself does not fit', async () => {
    expect((await check(triage, '{"category": "bug"}')).passed).toBe(true);
    expect((await check({ type: 'string', maxLength: 3 }, '123')).passed).toBe(true);
    const text = await check(triage, 'It is a bug.');
    expect(text.passed).toBe(false);
    expect(text.comment?.failed_items).toContain('the output is text that is not JSON');
  });

  it('checks the part at the path, and fails where there is none', async () => {
    expect((await check({ type: 'integer' }, { a: { b: 1 } }, '/a/b')).passed).toBe(true);
    expect((await check({ type: 'integer' }, { a: 1 }, '/a/b')).passed).toBe(false);
  });

  it('knows formats and patterns', async () => {
    const schema = {
      type: 'object',
      properties: {
        at: { type: 'string', format: 'date' },
        id: { type: 'string', pattern: '^x\\d$' },
      },
    };
    expect((await check(schema, { at: '2026-02-28', id: 'x1' })).passed).toBe(true);
    expect((await check(schema, { at: '2026-02-30', id: 'y' })).comment?.failed_items).toHaveLength(
      2,
    );
  });

  it('ends a pattern that backtracks for ever on an output', async () => {
    const evaluator = await build(
      { kind: 'json_schema', schema: { type: 'string', pattern: '^(a+)+$' } },
      { threads },
    );
    const output = `${'a'.repeat(60)}!`;
    await expect(evaluate(evaluator, { output })).rejects.toMatchObject({
      code: 'EVALUATOR_TIMEOUT',
    });
  });

  it('compares unique items elsewhere, and ends it where they are too many', async () => {
    const evaluator = await build(
      { kind: 'json_schema', schema: { type: 'array', uniqueItems: true } },
      { threads },
    );
    const output = Array.from({ length: 60_000 }, (_, at) => ({ id: [at] }));
    const began = performance.now();
    await expect(evaluate(evaluator, { output })).rejects.toMatchObject({
      code: 'EVALUATOR_TIMEOUT',
    });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect((await check({ type: 'array', uniqueItems: true }, [1, 1])).passed).toBe(false);
  });

  it.each([
    ['2020-12', 'https://json-schema.org/draft/2020-12/schema', { prefixItems: [{ const: 1 }] }],
    ['2019-09', 'https://json-schema.org/draft/2019-09/schema', { items: [{ const: 1 }] }],
    ['07', 'http://json-schema.org/draft-07/schema#', { items: [{ const: 1 }] }],
    ['06', 'http://json-schema.org/draft-06/schema#', { items: [{ const: 1 }] }],
  ])('understands draft %s', async (_draft, $schema, rest) => {
    expect((await check({ $schema, type: 'array', ...rest }, [1])).passed).toBe(true);
    expect((await check({ $schema, type: 'array', ...rest }, [2])).passed).toBe(false);
    const inThread = { $schema, type: 'array', contains: { pattern: '^b' }, ...rest };
    expect((await check(inThread, [1, 'b'])).passed).toBe(true);
  });

  it.each([
    ['a misspelt keyword', { type: 'object', requried: ['a'] }],
    ['a wrong type', { type: 'text' }],
    ['a reference to nowhere', { $ref: '#/$defs/none' }],
    ['a remote reference', { $ref: 'https://example.com/schema.json' }],
    ['a draft that is not known', { $schema: 'http://json-schema.org/draft-04/schema#' }],
    ['an asynchronous schema', { $async: true, type: 'object' }],
    ['a pattern that cannot be read', { type: 'string', pattern: '(' }],
  ])('refuses %s when it is built', async (_case, schema) => {
    await expect(build({ kind: 'json_schema', schema }, { threads })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ at: 'evaluators.it.schema' }],
    });
  });
});
