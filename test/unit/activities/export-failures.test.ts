import { describe, expect, it } from '@jest/globals';

import { leftAlone } from '../../../src/activities/experiment/export-failures.js';
import type { OutboundRecord } from '../../../src/platforms/port.js';

const record = (rowId: string): OutboundRecord => ({
  rowId,
  kind: 'scores',
  traceId: `trace-${rowId}`,
  ids: [`${rowId}-a`, `${rowId}-b`],
  body: '[]',
});
const failed = { outcome: 'ambiguous', reason: '500: boom', answered: true, alone: true } as const;

describe('what is left of an export that fails alone', () => {
  it('holds no score of which the answer says that it is there', () => {
    expect(leftAlone(new Map([[record('1'), { ...failed, taken: ['1-a'] }]]))).toEqual([
      { rowId: '1', id: '1-b', reason: '500: boom', failed: true },
    ]);
  });

  it('keeps what was refused with its own reason', () => {
    const bad = [{ rowId: '2', id: '2-a', reason: '400: bad' }];
    expect(leftAlone(new Map([[record('1'), failed]]), bad)?.at(-1)).toEqual({
      ...bad[0],
      failed: false,
    });
  });

  it.each([
    ['one shared its request', { alone: false }],
    ['one had no answer', { answered: false }],
  ])('says nothing where %s', (_, other) => {
    const unclear = new Map([
      [record('1'), failed],
      [record('2'), { ...failed, ...other }],
    ]);
    expect(leftAlone(unclear)).toBeUndefined();
  });
});
