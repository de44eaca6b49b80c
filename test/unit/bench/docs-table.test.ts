import { describe, expect, it } from '@jest/globals';

import { updateTable } from '../../../bench/report/docs-table.js';

const page = [
  '# Benchmarks',
  '',
  '| figure | value | goal | runs | limit |',
  '| --- | --- | --- | --- | --- |',
  '| `ceiling` | not measured | ≥ 500 | – | the CPU \\| all of it |',
  '| `rssMax` | 1 MiB | ≤ 350 | – | items |',
  '',
].join('\n');

const result = {
  bench: 'engine',
  machine: { cores: 2, memGiB: 24, node: '20.20.2' },
  runs: 3,
  figures: {
    ceiling: { value: 512, unit: 'cells/s', goal: '≥ 500', met: true, parts: { worker: 1.5 } },
  },
};

describe('the table of the documentation', () => {
  it('takes a figure into its row, keeps what people wrote beside it and every other row', () => {
    const lines = updateTable(page, result).split('\n');
    expect(lines[4]).toBe(
      '| `ceiling` | 512 cells/s (worker 1.5) | ≥ 500, met | 3, 2 cores, 24 GiB, Node 20.20.2 | the CPU \\| all of it |',
    );
    expect(lines[5]).toBe(page.split('\n')[5]);
  });

  it('refuses a figure that has no row: it would be lost', () => {
    const figures = { unknown: { value: 1, unit: 's' } };
    expect(() => updateTable(page, { ...result, figures })).toThrow('unknown');
  });
});
