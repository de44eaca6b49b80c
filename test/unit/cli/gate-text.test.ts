import { describe, expect, it } from '@jest/globals';

import { gateText } from '../../../src/cli/commands/gate-text.js';
import { createSink } from '../../../src/cli/io/sink.js';
import type { GateReport } from '../../../src/core/gate/gate-report.js';
import { gatePolicy } from '../../../src/core/gate/policy.js';
import { compareRuns } from '../../../src/core/regression/compare.js';
import { RunScoresBuilder, type RunScores } from '../../../src/core/regression/run-scores.js';
import { recorded } from './streams.js';

/** 1,000 items, of which these were scored, and these passed. */
function run(scored: (item: number) => boolean, passes: (item: number) => boolean): RunScores {
  const builder = new RunScoresBuilder();
  for (let item = 0; item < 1_000; item += 1) {
    const value = { type: 'BOOLEAN', value: passes(item) } as const;
    builder.add({
      itemId: `item-${item}`,
      scores: scored(item) ? [{ name: 'tone', value, passed: passes(item) }] : [],
      costDollars: item < 400 ? 0.001 : undefined,
    });
  }
  return builder.build();
}

describe('a verdict at a terminal', () => {
  it('tells on how many of the common items it rests, and what has no score', () => {
    const comparison = compareRuns({
      base: run(
        (item) => item < 150,
        () => true,
      ),
      head: run(
        () => true,
        (item) => item < 150,
      ),
      evaluators: [{ name: 'tone' }],
      cost: { margin: 0.1 },
    });
    const side = {
      kind: 'run',
      name: 'v1',
      run: 'v1',
      runUid: 'uid',
      target: 't',
      manifestHash: 'a',
      items: 1_000,
      repetitions: 1,
      cells: 1_000,
    } as const;
    const report: GateReport = {
      format: 'assay-gate',
      version: 1,
      project: 'shop',
      name: 'pr-1',
      dataset: 'd',
      verdict: comparison.verdict,
      head: side,
      base: side,
      policy: gatePolicy({}, {}),
      stale: [],
      changedItems: { n: 0, ids: [] },
      notes: [],
      judges: [],
      comparison,
    };
    const sink = createSink(recorded().stream, { colour: false, environment: {} });
    const text = gateText(report, sink);
    expect(text).toMatch(/^inconclusive: .*1,000 common items/);
    expect(text).toMatch(/tone +inconclusive +150 of 1,000 /);
    expect(text).toMatch(/cost +pass +400 of 1,000 /);
    expect(text).toContain('850 items without a score of tone in the base');
    expect(text).toContain('600 items without a known cost in the head');
  });
});
