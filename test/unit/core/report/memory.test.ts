import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from '@jest/globals';

import { createReportBuilder } from '../../../../src/core/report/report-builder.js';
import { cell, header, truth } from './cells.js';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

describe('the memory of a report', () => {
  it('does not hold the bodies of the cells that it quotes', () => {
    const cells = 60;
    const builder = createReportBuilder(header(cells));
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < cells; i += 1) {
      // Each cell is a pattern of its own, so that each one is quoted.
      const text = `${i} ${'x'.repeat(500_000)}`;
      builder.add(
        cell(`item-${i}`, {
          output: { category: `label ${i}`, text },
          item: {
            id: `item-${i}`,
            input: { text: JSON.parse(JSON.stringify(text)) as string },
            expected: { category: `c${i % 5}` },
            metadata: {},
          },
          scores: [truth('category', false)],
        }),
      );
    }
    collect();
    const grownMb = (process.memoryUsage().heapUsed - before) / 1e6;
    // The bodies are 60 MB, the quotes less than 1 MB.
    expect(grownMb).toBeLessThan(15);
    expect(builder.finish().failures.cells).toBe(cells);
  });
});
