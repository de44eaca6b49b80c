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

  it('is kept waiting once, also where patience stands within patience', async () => {
    let asked = 0;
    const impatient = (): Promise<never> => {
      asked += 1;
      // What the server says is obeyed; here it keeps the test short.
      const away = { retryAfterMs: 1 };
      return Promise.reject(new AssayError('PLATFORM_UNREACHABLE', 'It is away.', away));
    };
    const { signal } = new AbortController();
    await expect(patiently(signal, () => patiently(signal, impatient))).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
    });
    expect(asked).toBe(6);
  });

  it('goes on where only a part of the work stumbled', async () => {
    let tries = 0;
    const { signal } = new AbortController();
    const away = { retryAfterMs: 1 };
    const work = async (): Promise<string> => {
      await patiently(signal, () => Promise.resolve());
      tries += 1;
      if (tries < 4) throw new AssayError('PLATFORM_UNREACHABLE', 'It is away.', away);
      return 'done';
    };
    expect(await patiently(signal, work)).toBe('done');
  });
});
