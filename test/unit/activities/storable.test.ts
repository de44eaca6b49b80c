import { describe, expect, it } from '@jest/globals';

import { storable } from '../../../src/activities/experiment/cell-result.js';

const nested = (levels: number): unknown =>
  JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

const refused = (message: string) =>
  expect.objectContaining({
    code: 'TARGET_OUTPUT_INVALID',
    message: expect.stringContaining(message),
  });

describe('an output that is kept', () => {
  it('is a copy of what the target returned', () => {
    const output = { b: [1, null], a: 'text' };
    const kept = storable(output);
    expect(kept).toEqual(output);
    expect(kept).not.toBe(output);
    expect(storable(nested(500))).toEqual(nested(500));
  });

  it('is no output that is nested too deeply, however deeply', () => {
    for (const levels of [501, 5_000, 100_000]) {
      expect(() => storable(nested(levels))).toThrow(refused('nested deeper than 500 levels'));
    }
    const ring: unknown[] = [];
    ring.push(ring);
    expect(() => storable(ring)).toThrow(refused('holds itself'));
  });

  it('is no output that JSON cannot hold, or that is too large', () => {
    expect(() => storable(undefined)).toThrow(refused('returned nothing'));
    expect(() => storable({ value: Number.NaN })).toThrow(refused('NaN'));
    expect(() => storable('x'.repeat(8 * 1024 * 1024))).toThrow(refused('larger than 8 MiB'));
    const hostile = {
      toJSON: (): never => {
        throw new RangeError('Maximum call stack size exceeded');
      },
    };
    expect(() => storable(hostile)).toThrow(refused('cannot be stored'));
  });
});
