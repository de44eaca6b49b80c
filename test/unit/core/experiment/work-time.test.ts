import { describe, expect, it } from '@jest/globals';

import { workMs } from '../../../../src/core/experiment/work-time.js';

const at = (time: string): string => `2026-03-02T${time}.000Z`;

describe('how long a run was at work', () => {
  it('is from its start to its end', () => {
    expect(workMs({ startedAt: at('09:00:00'), endedAt: at('09:00:02'), passes: [] })).toBe(2_000);
  });

  it('leaves out what lies between its end, a retry and what followed', () => {
    const passes = [
      {
        createdAt: at('09:14:00'),
        finishedAt: at('09:14:03'),
        details: { finishedBefore: at('09:00:02') },
      },
      // Goes on.
      {
        createdAt: at('10:00:00'),
        finishedAt: undefined,
        details: { finishedBefore: at('09:14:03') },
      },
    ];
    expect(workMs({ startedAt: at('09:00:00'), endedAt: at('10:00:05'), passes })).toBe(10_000);
  });

  it('counts up to the first pass where an older version did not note the end before it', () => {
    const passes = [{ createdAt: at('09:01:00'), finishedAt: at('09:01:01'), details: {} }];
    expect(workMs({ startedAt: at('09:00:00'), endedAt: at('09:01:01'), passes })).toBe(61_000);
  });
});
