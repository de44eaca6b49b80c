import { describe, expect, it } from '@jest/globals';

import { moreText, newest } from '../../../src/cli/commands/experiment-list.js';
import type { AssayClient } from '../../../src/client/assay-client.js';
import { viewOf } from './streams.js';

type List = AssayClient['experiments']['list'];

/** A project of so many runs, in pages of the size that is asked for. */
const projectOf = (runs: number): Pick<AssayClient, 'experiments'> => {
  const list: List = ({ limit = 50, cursor = '0' }) => {
    const from = Number(cursor);
    const to = Math.min(runs, from + limit);
    return Promise.resolve({
      experiments: Array.from({ length: to - from }, (_, index) =>
        viewOf({ name: `r${from + index}` }),
      ),
      nextCursor: to < runs ? String(to) : undefined,
    });
  };
  return { experiments: { list } as AssayClient['experiments'] };
};

describe('a list of runs', () => {
  it('says whether there are more than it shows', async () => {
    const query = { project: 'p', limit: 20 };
    const cut = await newest(projectOf(26), query);
    expect({ shown: cut.experiments.length, more: cut.more }).toEqual({ shown: 20, more: true });
    const whole = await newest(projectOf(20), query);
    expect({ shown: whole.experiments.length, more: whole.more }).toEqual({
      shown: 20,
      more: false,
    });
    expect(moreText(20)).toContain('--limit 100');
  });

  it('takes several pages where its limit is larger than one', async () => {
    const { experiments, more } = await newest(projectOf(260), { project: 'p', limit: 250 });
    expect(new Set(experiments.map(({ name }) => name)).size).toBe(250);
    expect(more).toBe(true);
  });
});
