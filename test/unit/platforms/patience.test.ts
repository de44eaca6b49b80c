import { describe, expect, it } from '@jest/globals';

import { AssayError } from '../../../src/core/errors/assay-error.js';
import { patiently } from '../../../src/platforms/patience.js';

const stumbling = (): Promise<never> =>
  Promise.reject(new AssayError('PLATFORM_UNREACHABLE', 'It is away.'));

describe('a caller whose platform stumbles', () => {
  it('learns that it was away where its time is over first, not that a timer ran out', async () => {
    await expect(patiently(AbortSignal.timeout(20), stumbling)).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
    });
  });

  it('sees its own reason where it was cancelled', async () => {
    const cancelling = new AbortController();
    const waiting = patiently(cancelling.signal, stumbling);
    setTimeout(() => {
      cancelling.abort(new Error('never mind'));
    }, 20);
    await expect(waiting).rejects.toThrow('never mind');
  });
});
