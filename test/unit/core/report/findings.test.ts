import { describe, expect, it } from '@jest/globals';

import { gatherFindings } from '../../../../src/core/report/findings.js';
import type { FailureReport } from '../../../../src/core/report/report-model.js';

type Criteria = FailureReport['criteria'];

const findings = (criteria: Criteria): readonly string[] =>
  gatherFindings({
    fields: [],
    evaluators: [],
    failures: { cells: 100, criteria } as FailureReport,
    errors: [],
    cells: { planned: 100 } as Parameters<typeof gatherFindings>[0]['cells'],
    verified: [],
  }).map((each) => ('text' in each ? each.text : each.kind));

describe('what stands out', () => {
  it('is no criterion that an evaluator names in every failure: the one place that it compares', () => {
    expect(findings([{ evaluator: 'urgency', text: '/urgency', n: 65, examples: [] }])).toEqual([]);
  });

  it('is the place that fails most of several, and what a judge names in words', () => {
    const several = [
      { evaluator: 'fields', text: '/urgency', n: 65, examples: [] },
      { evaluator: 'fields', text: '/category', n: 2, examples: [] },
    ];
    expect(findings(several)).toEqual(['/urgency']);
    expect(findings([{ evaluator: 'tone', text: 'Says sorry', n: 3, examples: [] }])).toEqual([
      'Says sorry',
    ]);
  });
});
