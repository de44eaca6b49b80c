import { describe, expect, it } from '@jest/globals';

import { refusedBatch } from '../../../src/activities/experiment/run-cells.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';

describe('a batch that a worker with other code refuses', () => {
  it('waits in one line that says what is different and what ends the wait', () => {
    const reason = new AssayError('CODE_MISMATCH', 'This worker would run other code.', {
      problems: [
        { at: 'target.code', message: 'a' },
        { at: 'evaluators.words.code', message: 'b' },
      ],
      mend: 'Run a worker with the config of the plan.',
    });
    expect(refusedBatch(reason, 3).deferred).toMatchObject({
      cells: 3,
      reason:
        'This worker would run other code. Different: target.code, evaluators.words.code. ' +
        'Run a worker with the config of the plan.',
    });
  });

  it('says no more than is known', () => {
    const reason = new AssayError('CODE_MISMATCH', 'It is gone.');
    expect(refusedBatch(reason, 1).deferred?.reason).toBe('It is gone.');
  });
});
