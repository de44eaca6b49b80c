import { describe, expect, it } from '@jest/globals';

import type { MoveFigures, MoveReport } from '../../../../src/contracts/platform-migration.js';
import { isWhole } from '../../../../src/core/migration/parity.js';
import { moveReportMarkdown } from '../../../../src/core/migration/report-markdown.js';

const figures = (change: Partial<MoveFigures> = {}): MoveFigures => ({
  kind: 'trace',
  found: 10,
  written: 6,
  stood: 3,
  verified: 9,
  left: [{ reason: 'it has no span', count: 1, names: ['t-1'] }],
  differing: [],
  notCarried: [],
  ...change,
});

describe('parity of two platforms', () => {
  it('holds where all that was found was carried or left with a reason, and reads back equal', () => {
    expect(isWhole([])).toBe(true);
    expect(isWhole([figures(), figures({ kind: 'score' })])).toBe(true);
  });

  it.each([
    ['a thing that was carried was not read back', { verified: 8 }],
    ['a thing differs', { differing: [{ reason: 'another value', count: 1, names: [] }] }],
    ['a thing was neither carried nor left', { found: 11 }],
  ])('does not hold where %s', (_what, change) => {
    expect(isWhole([figures(), figures(change)])).toBe(false);
  });
});

describe('the report of a move', () => {
  const report: MoveReport = {
    name: 'all',
    direction: 'langsmith-to-langfuse',
    dryRun: false,
    status: 'differs',
    kinds: [
      figures({
        left: [{ reason: '<img src=x> | cell', count: 40, names: ['`a`', '[b](http://x)'] }],
      }),
    ],
    resends: 0,
    startedAt: '2026-11-22T00:00:00Z',
    updatedAt: '2026-11-22T00:00:00Z',
  };

  it('counts what was left by its reasons', () => {
    const text = moveReportMarkdown(report);
    expect(text).toContain('| traces | 10 | 6 | 3 | 9 | 40 | 0 |');
    expect(text).toContain('40 × ');
  });

  it('shows names and reasons of others as texts, whatever they hold', () => {
    const text = moveReportMarkdown(report);
    expect(text).toContain('\\<img src=x> \\| cell');
    expect(text).toContain('`[b](http://x)`');
  });
});
