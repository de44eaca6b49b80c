import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';

import { respond } from '../../../../src/devstack/model/answer/respond.js';

const answer = (schema: object): unknown =>
  JSON.parse(
    respond({
      messages: [{ role: 'user', text: 'Rubric:\n- It is short.\n\nOutput: the parcel is late' }],
      format: { schema: { ...schema } },
      temperature: 0,
      seed: 0,
      attention: 90,
    }),
  );

const validate = (schema: object, value: unknown): unknown => {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  const check = ajv.compile(schema);
  return check(value) ? [] : check.errors;
};

const tree = {
  $ref: '#/$defs/node',
  $defs: {
    node: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        children: { type: 'array', items: { $ref: '#/$defs/node' } },
      },
      required: ['name', 'children'],
      additionalProperties: false,
    },
  },
};

const schemas: readonly (readonly [string, object])[] = [
  [
    'what zod writes',
    z.toJSONSchema(
      z.strictObject({
        kind: z.literal('x'),
        when: z.iso.datetime(),
        id: z.uuid(),
        level: z.number().min(3).max(4),
        count: z.int().min(7),
        maybe: z.string().nullable(),
        either: z.union([z.enum(['a', 'b']), z.null()]),
        list: z
          .array(z.enum(['c', 'd']))
          .min(2)
          .max(3),
        pairs: z.array(z.strictObject({ name: z.string(), ok: z.boolean() })).min(1),
      }),
    ),
  ],
  ['a schema that refers to itself', tree],
  [
    'limits of length',
    {
      type: 'object',
      properties: {
        long: { type: 'string', minLength: 2000 },
        short: { type: 'string', maxLength: 3 },
        below: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.5 },
      },
      required: ['long', 'short', 'below'],
    },
  ],
  [
    'a verdict whose criteria are an enumeration',
    {
      type: 'object',
      properties: {
        passed_items: { type: 'array', items: { type: 'string', enum: ['It is short.'] } },
        score: { type: 'number', minimum: -1, maximum: 1 },
        grade: { type: 'string', enum: ['poor', 'fair', 'good', 'excellent'] },
        rating: { type: 'integer', minimum: 1, maximum: 10 },
        passed: { type: 'boolean' },
      },
      required: ['passed_items', 'score', 'grade', 'rating', 'passed'],
    },
  ],
  [
    'parts that are merged',
    {
      $defs: tree.$defs,
      allOf: [{ $ref: '#/$defs/node' }, { properties: { name: { const: 'x' } } }],
    },
  ],
];

describe('structured output', () => {
  it.each(schemas)('fits %s', (_name, schema) => {
    expect(validate(schema, answer(schema))).toEqual([]);
  });
});
