import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { plainIssues, schemaProblems } from '../../../src/contracts/schema-problems.js';

function told(schema: z.ZodType, input: unknown): string[] {
  const parsed = schema.safeParse(input);
  if (parsed.success) throw new Error('it is valid');
  return plainIssues(parsed.error.issues).map(({ path, message }) =>
    [path.map(String).join('.'), message].join(': '),
  );
}

describe('what is wrong with an input', () => {
  it.each([
    [z.number().gt(0), 0, 'must be more than 0'],
    [z.number().min(2), 1, 'must be at least 2'],
    [z.number().max(0.25), 1, 'must be at most 0.25'],
    [z.number().lt(1), 1, 'must be less than 1'],
    [z.string().min(1), '', 'must not be empty'],
    [z.string().min(3), 'a', 'must have at least 3 characters'],
    [z.string().max(3), 'abcd', 'must have at most 3 characters'],
    [z.array(z.string()).max(1), ['a', 'b'], 'must have at most 1 entry'],
    [z.enum(['worst', 'exclude']), 'w', 'must be one of "worst", "exclude"'],
    [z.literal('gate'), 'run', 'must be "gate"'],
    [z.int(), 1.5, 'must be a whole number'],
    [z.string(), 1, 'must be a text'],
    [z.string(), undefined, 'is missing'],
    [z.boolean(), 'yes', 'must be true or false'],
    [z.record(z.string(), z.string()), [], 'must be an object'],
    [z.strictObject({}), { lables: 1 }, '"lables" is not known here'],
    [z.url(), 'x', 'is no URL'],
    [z.string().regex(/^a$/), 'b', 'must match /^a$/'],
  ])('is told in plain words (%#)', (schema, input, message) => {
    expect(told(schema, input)).toEqual([`: ${message}`]);
  });

  it('is said as the schema says it where it has words of its own', () => {
    expect(told(z.string().min(1, 'Give it a name.'), '')).toEqual([': Give it a name.']);
  });

  it('is told of the form that the input comes closest to, at its own place', () => {
    const slice = z.strictObject({
      by: z.union([z.string(), z.strictObject({ path: z.string(), depth: z.int() })]),
    });
    expect(told(slice, { by: { path: '/a', depth: 'deep' } })).toEqual([
      'by.depth: must be a number',
    ]);
  });

  it('names every form where the input is none of them', () => {
    const either = z.union([z.string(), z.literal(false), z.strictObject({ a: z.int() })]);
    expect(told(either, 5)).toEqual([': must be a text or false or an object']);
  });

  it('names the kinds that there are where the kind is another', () => {
    const targets = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('prompt') }),
      z.object({ kind: z.literal('http') }),
    ]);
    expect(told(z.object({ target: targets }), { target: { kind: 'htttp' } })).toEqual([
      'target.kind: must be one of "prompt", "http"',
    ]);
  });

  it('is told of a name that cannot be one by what is wrong with it', () => {
    const named = z.record(z.string().regex(/^[a-z]+$/, 'Names are small letters.'), z.int());
    expect(told(named, { 'A B': 1 })).toEqual(['A B: Names are small letters.']);
  });

  it('is a problem of the whole where it has no place', () => {
    const parsed = z.strictObject({ a: z.int() }).safeParse({ a: 1, b: 2 });
    expect(parsed.success ? [] : schemaProblems(parsed.error, 'spec')).toEqual([
      { at: 'spec', message: '"b" is not known here' },
    ]);
  });
});
