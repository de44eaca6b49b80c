import { describe, expect, it } from '@jest/globals';

import { exitCodeOf, reportError } from '../../../src/cli/errors/render-error.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';
import { catalogue, catalogueEntry, type ErrorCode } from '../../../src/core/errors/catalogue.js';
import { dangerous, hostile } from '../core/text/escape/hostile.js';
import { recorded } from './streams.js';

async function report(error: unknown, options: { json?: boolean; debug?: boolean } = {}) {
  const out = recorded();
  const err = recorded();
  const { json = false, debug = false } = options;
  const code = await reportError(error, { out: out.sink, err: err.sink, json, debug });
  return { code, out: out.text(), err: err.text() };
}

const invalid = new AssayError('DATASET_INVALID', 'The dataset "t" cannot be used.', {
  problems: [
    { at: 'datasets/t/test_cases.json:3:4', message: 'has no id', mend: 'Give it one.' },
    { at: 'datasets/t/expected.json', message: 'is no object' },
  ],
  mend: 'Correct the files.',
  retryAfterMs: 1_500,
});

describe('an error', () => {
  it('is told with its title, code, message, every problem and every mend, on stderr', async () => {
    const { code, out, err } = await report(invalid);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err.trimEnd().split('\n')).toEqual([
      '✖ The dataset has problems (DATASET_INVALID)',
      '  The dataset "t" cannot be used.',
      '  - datasets/t/test_cases.json:3:4: has no id',
      '    → Give it one.',
      '  - datasets/t/expected.json: is no object',
      '  → Correct the files.',
      '  It can succeed after 2 s.',
    ]);
  });

  it('is one document on stdout with --json', async () => {
    const { code, out, err } = await report(invalid, { json: true });
    expect(code).toBe(2);
    expect(err).toBe('');
    expect(JSON.parse(out)).toEqual({ error: JSON.parse(JSON.stringify(invalid)) as unknown });
  });

  it.each(Object.keys(catalogue) as ErrorCode[])(
    '%s has the exit code of the catalogue',
    (code) => {
      expect(exitCodeOf(new AssayError(code, 'x'))).toBe(catalogueEntry(code).exit);
    },
  );

  it('that is not ours is a defect, with how to see more', async () => {
    const { code, err } = await report(new TypeError('x is not a function'));
    expect(code).toBe(70);
    expect(err).toContain('(INTERNAL)');
    expect(err).toContain('ASSAY_DEBUG=1');
  });

  it('shows its stack and its causes for ASSAY_DEBUG', async () => {
    const error = new AssayError('INTERNAL', 'outer', { cause: new Error('inner') });
    const { err } = await report(error, { debug: true });
    expect(err).toContain('caused by Error: inner');
    expect(err).toContain('errors.test.ts');
  });

  it('obeys nothing in its texts', async () => {
    for (const text of Object.values(hostile)) {
      const error = new AssayError('SPEC_INVALID', text, {
        problems: [{ at: text, message: text, mend: text }],
        mend: text,
        cause: new Error(text),
      });
      for (const json of [true, false]) {
        const { out, err } = await report(error, { json, debug: true });
        expect(out).not.toMatch(dangerous);
        expect(err).not.toMatch(dangerous);
      }
    }
  });
});
