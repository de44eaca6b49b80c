import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { contentHash, sha256 } from '../../../../src/core/ids/hash.js';
import {
  cellSpanId,
  cellTraceId,
  langfuseExperimentId,
  platformItemId,
  scoreId,
  type CellIdentity,
} from '../../../../src/core/ids/platform-ids.js';

const cell: CellIdentity = { runUid: 'run-1', itemId: 'T-1', repetition: 1, revision: 1 };

// Computed outside of this code base (Python's hashlib). A change here means that a run that is under way is published
// a second time under other ids: it needs a migration, not a new golden value.
describe('ids keep their formula', () => {
  it('of traces and spans', () => {
    expect(cellTraceId(cell)).toBe('3a4f89e2c9c8c0e6bea9b178c00a254e');
    expect(cellSpanId(cell, 'root')).toBe('5a3d71191e0f4b7a');
    expect(cellSpanId(cell, 'target/call/1')).toBe('51206d6282bdf036');
  });

  it('of scores and dataset items', () => {
    expect(scoreId('3a4f89e2c9c8c0e6bea9b178c00a254e', 'category')).toBe(
      '33444ce924b851124e53813eedcf7fa9',
    );
    expect(platformItemId('tickets', 'T-1')).toBe('7709406f7da773117158f9bdf6edc544');
  });

  it('of contents', () => {
    expect(contentHash({ b: {}, a: [1, 2.5, 'x', null, true] })).toBe(
      '89bf2b76cb76a3e66522da49263b628352758db7c0d8a41fab2a0150df07a709',
    );
    // FIPS 180-4, example of the empty message.
    expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256(new Uint8Array([97, 98, 99]))).toBe(sha256('abc'));
  });

  it('of experiments on Langfuse, as a 4.16 server derived one', () => {
    expect(langfuseExperimentId('project-holdout', 'cmwq6rmne0003cg7d1zrdffzo', 'run-a')).toBe(
      '4b2c75b9ad83491f',
    );
    expect(langfuseExperimentId('project-1', 'dataset-1', 'run é "x"')).toBe('8ae90b36f26ac045');
  });
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('', '1', '1:1', '|', '1|1:1', ':', '2:ab|'),
);
const cells = fc.record({
  runUid: text,
  itemId: text,
  repetition: fc.integer({ min: 1, max: 20 }),
  revision: fc.integer({ min: 1, max: 20 }),
});

describe('ids of different things never meet', () => {
  it('for any two cells: equal ids mean equal cells', () => {
    fc.assert(
      fc.property(cells, cells, (a, b) => {
        const same =
          a.runUid === b.runUid &&
          a.itemId === b.itemId &&
          a.repetition === b.repetition &&
          a.revision === b.revision;
        expect(cellTraceId(a) === cellTraceId(b)).toBe(same);
        expect(cellSpanId(a, 'root') === cellSpanId(b, 'root')).toBe(same);
      }),
    );
  });

  it('for any two scores or items', () => {
    fc.assert(
      fc.property(fc.tuple(text, text), fc.tuple(text, text), ([a, b], [c, d]) => {
        const same = a === c && b === d;
        expect(scoreId(a, b) === scoreId(c, d)).toBe(same);
        expect(platformItemId(a, b) === platformItemId(c, d)).toBe(same);
      }),
    );
  });

  it('have the lengths that W3C trace context asks for', () => {
    fc.assert(
      fc.property(cells, text, (each, path) => {
        expect(cellTraceId(each)).toMatch(/^[0-9a-f]{32}$/);
        expect(cellSpanId(each, path)).toMatch(/^[0-9a-f]{16}$/);
      }),
    );
  });
});
