import { describe, expect, it } from '@jest/globals';

import { endAfterPass, recordedEnd } from '../../../src/activities/experiment/pass-close.js';
import {
  passRequestSchema,
  type PassRecord,
  type PassRequestInput,
} from '../../../src/contracts/pass.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';

const errorBefore = new AssayError('MAX_FAILURES', 'Too many.').toJSON();

function passOf(request: PassRequestInput, change: Partial<PassRecord>): PassRecord {
  const parsed = passRequestSchema.parse(request);
  return {
    pass: 2,
    kind: parsed.kind,
    request: parsed,
    statusBefore: 'completed',
    errorBefore: undefined,
    cells: 3,
    details: {},
    createdAt: '2026-03-02T09:00:00.000Z',
    finishedAt: undefined,
    statusAfter: undefined,
    outcome: undefined,
    ...change,
  };
}

const going = { status: 'verifying', error: undefined } as const;
const well = { status: 'completed', error: undefined } as const;

describe('the status of a run after a pass', () => {
  it('is what it was recorded as where the answer to its end was lost and its pass is closed', () => {
    const pass = passOf({ kind: 'verify' }, { statusBefore: 'cancelled' });
    const first = endAfterPass(well, { pass, skipped: 4, recorded: recordedEnd(going) });
    expect(first.status).toBe('cancelled');
    const recorded = recordedEnd({ status: first.status, error: first.error });
    expect(endAfterPass(well, { pass: undefined, skipped: 4, recorded })).toEqual(first);
  });

  it('is completed where a retry left no cell skipped, also of a failed run', () => {
    const pass = passOf({ kind: 'retry' }, { statusBefore: 'failed', errorBefore });
    expect(endAfterPass(well, { pass, skipped: 0 })).toEqual(well);
  });

  it('stays what it was, with its reason, while cells of it never ran', () => {
    const pass = passOf({ kind: 'retry' }, { statusBefore: 'failed', errorBefore });
    expect(endAfterPass(well, { pass, skipped: 1 })).toEqual({
      status: 'failed',
      error: errorBefore,
    });
  });

  it('is never changed by a look at a run that was cancelled', () => {
    const pass = passOf({ kind: 'verify' }, { statusBefore: 'cancelled' });
    expect(endAfterPass(well, { pass, skipped: 0 }).status).toBe('cancelled');
  });

  it('is what a look found of a run that was whole, and as before where the look was cancelled', () => {
    const pass = passOf({ kind: 'verify' }, { statusBefore: 'completed_unverified' });
    expect(endAfterPass(well, { pass, skipped: 0 }).status).toBe('completed');
    const cancelled = { status: 'cancelled', error: undefined } as const;
    expect(endAfterPass(cancelled, { pass, skipped: 0 }).status).toBe('completed_unverified');
  });

  it('is that of the pass where the pass itself was cancelled', () => {
    const cancelled = { status: 'cancelled', error: undefined } as const;
    const pass = passOf({ kind: 'extend', repetitions: 5 }, {});
    expect(endAfterPass(cancelled, { pass, skipped: 4 }).status).toBe('cancelled');
  });

  it('is that of the run where there was no pass', () => {
    expect(endAfterPass(well, { pass: undefined, skipped: 3 })).toEqual(well);
  });
});
