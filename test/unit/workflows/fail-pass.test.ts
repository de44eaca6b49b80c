import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';

import { AssayError, type ErrorDocument } from '../../../src/core/errors/assay-error.js';
import { failPass } from '../../../src/workflows/experiment-pass.js';
import type { Sides } from '../../../src/workflows/experiment-publishing.js';

const failure = (error: AssayError): ApplicationFailure =>
  ApplicationFailure.create({ type: error.code, details: [error.toJSON()], nonRetryable: true });

const planning = failure(new AssayError('CONFIG_INVALID', 'There is no target "triage".'));
const closing = failure(new AssayError('INTERNAL', '3 cells are still pending.'));

/** Ends a run whose cells can or cannot be closed; what its end is told. */
async function endOf(error: unknown, unclosed?: Error) {
  const ends: { readonly status: string; readonly error?: ErrorDocument }[] = [];
  const control = {
    closeCells: () => (unclosed === undefined ? Promise.resolve({}) : Promise.reject(unclosed)),
    finishExperiment: (end: (typeof ends)[number]) => {
      ends.push(end);
      return Promise.resolve({ experimentId: 'shop/run', status: end.status });
    },
  };
  const sides = { board: { finished: () => undefined }, call: { control } } as unknown as Sides;
  const plan = () => Promise.reject(new Error('nobody plans here'));
  await failPass({ experimentId: 'shop/run', plan }, { ...sides, error });
  return ends;
}

describe('a run whose pass could not be driven', () => {
  it('says why it failed', async () => {
    expect(await endOf(planning)).toMatchObject([
      { status: 'failed', error: { code: 'CONFIG_INVALID', problems: [] } },
    ]);
  });

  it('says as well why its cells could not be closed', async () => {
    expect(await endOf(planning, closing)).toMatchObject([
      {
        status: 'failed',
        error: {
          code: 'CONFIG_INVALID',
          problems: [{ at: 'closing its cells', message: 'INTERNAL: 3 cells are still pending.' }],
        },
      },
    ]);
  });

  it('says so where it was cancelled, and nothing else where its cells were closed', async () => {
    const cancel = new CancelledFailure('cancelled');
    expect(await endOf(cancel, closing)).toMatchObject([
      { status: 'cancelled', error: { code: 'INTERNAL', message: '3 cells are still pending.' } },
    ]);
    const [end] = await endOf(cancel);
    expect(end).toMatchObject({ status: 'cancelled' });
    expect(end?.error).toBeUndefined();
  });

  it('says it once where closing was what failed', async () => {
    const [end] = await endOf(closing, closing);
    expect(end).toMatchObject({ error: { code: 'INTERNAL', problems: [] } });
  });
});
