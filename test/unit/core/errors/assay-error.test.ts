import vm from 'node:vm';

import { describe, expect, it } from '@jest/globals';

import { AssayError, toErrorDocument } from '../../../../src/core/errors/assay-error.js';
import {
  catalogue,
  catalogueEntry,
  isErrorCode,
  type ErrorCode,
} from '../../../../src/core/errors/catalogue.js';

const codes = Object.keys(catalogue) as ErrorCode[];

describe('the catalogue of errors', () => {
  it.each(codes)(
    '%s has a name, a title, an HTTP status and an exit code that fit each other',
    (code) => {
      const { status, exit, retry, title } = catalogueEntry(code);
      expect(code).toMatch(/^[A-Z][A-Z0-9_]*[A-Z0-9]$/);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect([2, 3, 4, 5, 6, 7, 70]).toContain(exit);
      // Whoever reads the status alone must not repeat what is final, nor give up what a wait mends.
      // 402: what changes is the budget, and a person changes it.
      if (retry === 'later') expect([402, 503, 504]).toContain(status);
      if (retry === 'never') expect([503, 504, 429]).not.toContain(status);
      const exits: Partial<Record<number, number>> = {
        400: 2,
        404: 3,
        429: 7,
        502: 5,
        503: 5,
        422: 6,
      };
      expect(exit).toBe(exits[status] ?? exit);
    },
  );

  it('knows its codes, and nothing that every object has', () => {
    expect(codes.every(isErrorCode)).toBe(true);
    expect(['', 'nope', 'constructor', '__proto__', 'toString'].some(isErrorCode)).toBe(false);
  });
});

describe('AssayError', () => {
  const full = new AssayError('MODEL_RATE_LIMITED', 'Wait.', {
    problems: [{ at: 'x', message: 'is wrong', mend: 'Mend it.' }],
    mend: 'Wait a little.',
    retryAfterMs: 1500,
    cause: new Error('with a secret'),
  });

  it('crosses a process border and comes back the same, its cause left behind', () => {
    const text = JSON.stringify(full);
    expect(text).not.toContain('secret');
    const back = AssayError.from(JSON.parse(text) as ReturnType<AssayError['toJSON']>);
    expect(back.toJSON()).toEqual(full.toJSON());
    expect(back.entry).toBe(catalogue.MODEL_RATE_LIMITED);
    expect(back.toJSON()).toEqual({
      code: 'MODEL_RATE_LIMITED',
      title: 'The model asks to wait',
      message: 'Wait.',
      problems: [{ at: 'x', message: 'is wrong', mend: 'Mend it.' }],
      mend: 'Wait a little.',
      retryAfterMs: 1500,
    });
  });

  it('leaves out what it does not have, so that documents stay equal', () => {
    expect(Object.keys(new AssayError('USAGE', 'No.').toJSON())).toEqual([
      'code',
      'title',
      'message',
      'problems',
    ]);
  });

  it('is recognised across realms by its brand, and nothing else is', () => {
    const foreign: unknown = vm.runInNewContext(
      `const error = new Error('from elsewhere'); error[Symbol.for('assay.error')] = true; error`,
    );
    expect(foreign instanceof Error).toBe(false);
    expect(AssayError.is(foreign)).toBe(true);
    for (const other of [new Error('x'), null, undefined, 'assay.error', { code: 'USAGE' }]) {
      expect(AssayError.is(other)).toBe(false);
    }
  });

  it('makes a code that it does not know INTERNAL, and keeps the message', () => {
    const document = { code: 'FROM_THE_FUTURE', title: 't', message: 'm', problems: [] };
    expect(AssayError.from(document)).toMatchObject({ code: 'INTERNAL', message: 'm' });
  });
});

describe('toErrorDocument', () => {
  it('keeps ours, and gives anything else that was thrown the fallback code', () => {
    expect(toErrorDocument(new AssayError('USAGE', 'No.')).code).toBe('USAGE');
    expect(toErrorDocument(new TypeError('boom'))).toMatchObject({
      code: 'INTERNAL',
      message: 'boom',
    });
    expect(toErrorDocument('a text', 'TARGET_FAILED')).toEqual({
      code: 'TARGET_FAILED',
      title: 'The target threw',
      message: 'a text',
      problems: [],
    });
    expect(toErrorDocument(undefined).message).toBe('undefined');
  });

  it('survives whatever user code throws', () => {
    for (const thrown of [Object.create(null), Symbol('x'), { toString: 5 }, [], 0n, null]) {
      expect(typeof toErrorDocument(thrown).message).toBe('string');
    }
  });
});
