import { describe, expect, it } from '@jest/globals';

import { gatePolicy } from '../../../../src/core/gate/policy.js';
import type { GateReport } from '../../../../src/core/gate/gate-report.js';
import { gateMarkdown } from '../../../../src/core/gate/markdown.js';
import { withGateSection } from '../../../../src/core/gate/report-section.js';
import { verdictScores } from '../../../../src/core/gate/verdict-scores.js';
import { compareRuns } from '../../../../src/core/regression/compare.js';
import { RunScoresBuilder, type RunScores } from '../../../../src/core/regression/run-scores.js';

const hostile = '</td><img src=x onerror=alert(1)> | @everyone #1 [x](javascript:alert(1)) `a`';

const scores = (passes: (item: number) => boolean, names: readonly string[]): RunScores => {
  const builder = new RunScoresBuilder();
  for (let item = 0; item < 200; item += 1) {
    builder.add({
      itemId: item === 0 ? hostile : `item-${item}`,
      scores: names.map((name) => ({
        name,
        value: { type: 'BOOLEAN', value: passes(item) },
        passed: passes(item),
      })),
      costDollars: 0.001 * (1 + (item % 3)),
      latencyMs: 100 + item,
    });
  }
  return builder.build();
};

const report = (change: Partial<GateReport> = {}): GateReport => {
  const policy = gatePolicy({ cost: { margin: 0.1 } }, {});
  const names = ['tone', hostile];
  const comparison = compareRuns({
    base: scores(() => true, names),
    head: scores((item) => item % 4 > 0, names),
    evaluators: names.map((name) => ({ name })),
    cost: { margin: 0.1 },
    slices: [{ key: '/metadata/x', valueOf: () => hostile }],
  });
  const side = {
    runUid: 'uid',
    target: hostile,
    manifestHash: 'a'.repeat(64),
    items: 200,
    repetitions: 1,
    cells: 200,
  };
  return {
    format: 'assay-gate',
    version: 1,
    project: 'shop',
    name: 'pr-1',
    dataset: hostile,
    verdict: comparison.verdict,
    head: { kind: 'run', name: hostile, run: hostile, ...side },
    base: { kind: 'baseline', name: hostile, run: hostile, ...side },
    policy,
    stale: [{ at: 'evaluators.x', message: hostile }],
    changedItems: { n: 1, ids: [hostile] },
    notes: [hostile],
    judges: [
      {
        evaluator: hostile,
        experiment: hostile,
        sameJudge: true,
        difference: { value: -0.25, interval: { low: -0.5, high: 0, confidence: 0.95 }, n: 4 },
        flips: [{ id: hostile, before: true, after: false }],
      },
    ],
    comparison,
    ...change,
  };
};

describe('a verdict as markdown', () => {
  it('says what came out, why, and by how much', () => {
    const text = gateMarkdown(report());
    expect(text).toMatch(/^## ❌ Gate: regress\n/);
    expect(text).toContain('| `tone` | ❌ regress | 200 | 100 % | 75.0 % | −25 pp');
    expect(text).toContain(
      '| cost | ✅ pass | 200 | $0.002 | $0.002 | 0 % (−1.5 % to +1.5 %) | +10.0 % |',
    );
    expect(text).toContain('| Slice that is worse |');
    expect(text).toContain(': -0.25 (-0.5 – 0) on the same 4 anchors');
    expect(text.length).toBeLessThan(60_000);
  });

  it('says of how many of the common items, and which have no score', () => {
    const half = (scored: (item: number) => boolean): RunScores => {
      const builder = new RunScoresBuilder();
      for (let item = 0; item < 200; item += 1) {
        const value = { type: 'BOOLEAN', value: true } as const;
        builder.add({
          itemId: `item-${item}`,
          scores: scored(item) ? [{ name: 'tone', value, passed: true }] : [],
        });
      }
      return builder.build();
    };
    const comparison = compareRuns({
      base: half((item) => item < 150),
      head: half((item) => item > 9 && item < 190),
      evaluators: [{ name: 'tone' }],
      cost: { margin: 0.1, required: false },
    });
    const text = gateMarkdown(report({ comparison, verdict: comparison.verdict }));
    expect(text).toMatch(/\| `tone` \| \S+ \w+ \| 140 of 200 \|/);
    expect(text).toContain('- Without a score of `tone` in the head: 10 items (`item-0`');
    expect(text).toContain('- Without a score of `tone` in the base: 40 items (`item-150`');
    expect(text).toContain('- Without a score of `tone` on either side: 10 items');
    expect(text).toContain('- Without a known cost in the head: 200 items');
  });

  it('holds no markup, mention or link of anybody', () => {
    const outside = gateMarkdown(report())
      // What stands in code spans is shown as it is.
      .replace(/(`+)(?:(?!\1)[^])*?\1/g, 'CODE')
      .replaceAll('<sub>', '')
      .replaceAll('</sub>', '');
    expect(outside).not.toMatch(/(?<!\\)</);
    expect(outside).not.toMatch(/@e/);
    expect(outside).not.toMatch(/(?<!\\)\[x/);
    // Rows keep their cells: no pipe of a name ends one.
    const rows = gateMarkdown(report())
      .split('\n')
      .filter((line) => line.startsWith('| ') && line.includes('regress'));
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(10);
  });

  it('tells of no more ids than a reader wants', () => {
    const ids = Array.from({ length: 1_000 }, (_, at) => `item-${at}`);
    const text = gateMarkdown(report({ changedItems: { n: 5_000, ids } }));
    expect(text).toContain('Changed since the base, not compared: 5,000 items');
    expect(text).toContain('and 4,980 more');
    expect(text).not.toContain('item-999`');
  });
});

describe('a report with a verdict in it', () => {
  const plain = '# Experiment `x`\n\nIntro.\n\n## Results\n\nAll.\n';

  it('has it before its first section, once, however often it is written', () => {
    const once = withGateSection(plain, '## Gate: pass\n\nFine.\n');
    expect(once.indexOf('Gate: pass')).toBeLessThan(once.indexOf('## Results'));
    const twice = withGateSection(once, '## Gate: regress\n');
    expect(twice).not.toContain('Gate: pass');
    expect(withGateSection(twice, '## Gate: pass\n\nFine.\n')).toBe(once);
    expect(twice.replace(/<!-- assay:gate -->[^]*<!-- \/assay:gate -->\n\n/, '')).toBe(plain);
  });

  it('has it at the end where there are no sections', () => {
    expect(withGateSection('# Nothing\n', '## Gate: pass\n')).toContain('# Nothing\n\n<!-- assay');
  });
});

describe('the scores of a verdict', () => {
  it('are the verdict as a category with its reasons, and a difference for each score', () => {
    const [verdict, ...differences] = verdictScores(report());
    expect(verdict).toMatchObject({ repetition: 1, name: 'gate', value: 'regress' });
    expect(verdict?.comment.failed_items).toContain('tone');
    expect(verdict?.comment.reasoning).not.toBe('');
    expect(differences.map(({ name, value }) => [name, value])).toContainEqual([
      'gate.tone',
      -0.25,
    ]);
  });
});
