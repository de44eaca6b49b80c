import { describe, expect, it } from '@jest/globals';

import { errorLines } from '../../../src/cli/errors/render-error.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';

const plain = (text: string): string => text;
const sink = {
  colours: { red: plain, bold: plain, dim: plain, cyan: plain },
  safe: plain,
  safeText: plain,
  asCalled: plain,
} as unknown as Parameters<typeof errorLines>[1];

describe('an error for people', () => {
  it('does not say twice what its only problem says', () => {
    const error = new AssayError('JSON_INVALID', 'a.json:3:7: no trailing commas', {
      problems: [{ at: 'a.json:3:7', message: 'no trailing commas' }],
      mend: 'Mend the JSON at that place.',
    });
    expect(errorLines(error.toJSON(), sink)).toEqual([
      '✖ The file is not valid JSON (JSON_INVALID)',
      '  - a.json:3:7: no trailing commas',
      '  → Mend the JSON at that place.',
    ]);
  });

  it('keeps a message that says more than its problems', () => {
    const error = new AssayError('DATASET_INVALID', 'The dataset "a" has 1 problem.', {
      problems: [{ at: 'a.jsonl:1', message: 'is not JSON' }],
    });
    expect(errorLines(error.toJSON(), sink)).toContain('  The dataset "a" has 1 problem.');
  });
});
