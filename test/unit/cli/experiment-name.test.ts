import { describe, expect, it } from '@jest/globals';

import { freshExperimentName } from '../../../src/cli/experiment-name.js';
import { experimentNameSchema } from '../../../src/contracts/names.js';

describe('the name of a run that was given none', () => {
  const now = new Date('2026-03-02T23:05:09.123Z');

  it('says target, dataset and the moment in UTC', () => {
    expect(freshExperimentName('triage-v1', 'tickets', now)).toMatch(
      /^triage-v1-tickets-20260302-230509-[0-9a-f]{4}$/,
    );
  });

  it('differs between two runs of one second', () => {
    const names = new Set(Array.from({ length: 20 }, () => freshExperimentName('t', 'd', now)));
    expect(names.size).toBeGreaterThan(1);
  });

  it('can be used however long the names are', () => {
    const name = freshExperimentName('t'.repeat(100), 'd'.repeat(100), now);
    expect(experimentNameSchema.safeParse(name).success).toBe(true);
    expect(name).toMatch(/-20260302-230509-[0-9a-f]{4}$/);
  });

  it('can be used although the name of the dataset cannot: that alone is the trouble', () => {
    for (const dataset of ['../x', 'a b', '<b>', '\u0000', '']) {
      const name = freshExperimentName('t', dataset, now);
      expect({ dataset, ok: experimentNameSchema.safeParse(name).success }).toEqual({
        dataset,
        ok: true,
      });
    }
  });
});
