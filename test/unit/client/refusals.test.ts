import { describe, expect, it } from '@jest/globals';

import { createDatasets } from '../../../src/client/datasets.js';
import { createExperiments } from '../../../src/client/experiments.js';
import { parsePassRequest } from '../../../src/client/reopen.js';
import type { Transport } from '../../../src/client/transport.js';

const away = (): never => {
  throw new Error('Nothing was to be asked.');
};
const nobody: Transport = {
  temporal: away,
  store: away,
  platforms: away,
  close: () => Promise.resolve(),
};
const experiments = createExperiments(nobody);
const key = { project: 'p', name: 'ended' };
const spec = { project: 'p', name: 'n', dataset: { name: 'd' }, target: 't' };

describe('what can never be meant', () => {
  it('is refused before the run is looked at: of one that has ended its end is not the trouble', async () => {
    for (const concurrency of [0, 2_001, 1.5]) {
      await expect(experiments.setConcurrency(key, concurrency)).rejects.toMatchObject({
        code: 'CONCURRENCY_INVALID',
        mend: expect.stringContaining('1 to 2000'),
      });
    }
    await expect(experiments.setBudget(key, 0)).rejects.toMatchObject({
      code: 'BUDGET_INVALID',
      mend: expect.any(String),
    });
  });

  it('is the version of a dataset that is still to come', async () => {
    const version = new Date(Date.now() + 86_400_000).toISOString();
    await expect(
      experiments.start({ ...spec, dataset: { name: 'd', version } }),
    ).rejects.toMatchObject({
      code: 'SPEC_INVALID',
      problems: [{ at: 'dataset.version', message: expect.stringContaining('is still to come') }],
    });
    const datasets = createDatasets(nobody);
    const items = datasets.items({ dataset: 'd', version })[Symbol.asyncIterator]();
    await expect(items.next()).rejects.toMatchObject({
      code: 'SPEC_INVALID',
    });
  });

  it('is told in words, all of it at once', async () => {
    const wrong = { ...spec, repetitions: 101, concurrency: 0, dataset: { name: '../x' } };
    await expect(experiments.start(wrong)).rejects.toMatchObject({
      code: 'SPEC_INVALID',
      problems: expect.arrayContaining([
        { at: 'repetitions', message: 'must be a whole number from 1 to 100' },
        { at: 'concurrency', message: 'must be a whole number from 1 to 2000' },
        expect.objectContaining({ at: 'dataset.name' }),
      ]),
    });
    expect(() => parsePassRequest({ kind: 'extend', repetitions: 1 })).toThrow(
      expect.objectContaining({
        problems: [
          { at: 'repetitions', message: 'must be at least 2: every run has one repetition' },
        ],
      }),
    );
  });

  it('has a mend where it is the name', async () => {
    await expect(experiments.start({ ...spec, name: 'a/b' })).rejects.toMatchObject({
      code: 'NAME_INVALID',
      mend: expect.stringContaining('without /'),
    });
  });
});
