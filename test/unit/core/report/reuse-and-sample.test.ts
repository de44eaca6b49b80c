import { describe, expect, it } from '@jest/globals';

import type { DatasetSample } from '../../../../src/contracts/manifest.js';
import { createReportBuilder } from '../../../../src/core/report/report-builder.js';
import type { ReportCell, ReportHeader } from '../../../../src/core/report/report-input.js';
import type { ReportModel } from '../../../../src/core/report/report-model.js';
import { junitStart } from '../../../../src/core/report/junit.js';
import { jsonLine } from '../../../../src/core/report/json.js';
import { renderMarkdown } from '../../../../src/core/report/markdown/render.js';
import { sampleCells, sampleHeader } from './sample-run.js';

const modelOf = (header: Partial<ReportHeader>, cells: readonly ReportCell[]): ReportModel => {
  const builder = createReportBuilder({ ...sampleHeader, ...header });
  for (const cell of cells) builder.add(cell);
  return builder.finish();
};

const source = (experiment: string, costDollars?: string) => ({
  experiment,
  runUid: 'uid',
  traceId: 'f'.repeat(32),
  ...(costDollars === undefined ? {} : { costDollars }),
});
const plain = sampleCells()
  .filter(({ status }) => status === 'ok')
  .slice(0, 4);
const evaluators = sampleHeader.manifest.evaluators.map(({ name }) => name);
const taken = (
  cell: ReportCell | undefined,
  from: string,
  scores: readonly string[],
): ReportCell => {
  if (cell === undefined) throw new Error('the sample run changed');
  return {
    ...cell,
    calls: [],
    evaluatorFailures: [],
    reusedFrom: {
      output: source(from, '0.1'),
      scores: scores.map((evaluator) => ({
        evaluator,
        ...source(from, evaluator === 'tone' ? '0.02' : undefined),
      })),
    },
  };
};

describe('a report of a run that took cells over', () => {
  const cells = [
    taken(plain[0], 'monday', evaluators),
    taken(plain[1], 'monday', evaluators),
    taken(plain[2], '<b>tuesday', ['category']),
    ...plain.slice(3),
  ];
  const model = modelOf({ reuse: true }, cells);

  it('says how many, from which runs, by evaluator, and what it cost then apart from what it costs now', () => {
    expect(model.reuse).toEqual({
      cells: 3,
      whole: 2,
      sources: [
        { experiment: 'monday', cells: 2 },
        { experiment: '<b>tuesday', cells: 1 },
      ],
      otherSources: 0,
      evaluators: [
        { name: 'category', reused: 3, judged: 0 },
        { name: 'tone', reused: 2, judged: 1 },
        { name: 'urgency', reused: 2, judged: 1 },
      ],
      targetDollars: '0.3',
      judgeDollars: '0.04',
      costUnknown: 5,
    });
    const calls = modelOf({}, plain.slice(3)).calls.total;
    expect(model.calls.total.costDollars).toBe(calls.costDollars);
  });

  it('says so on its first screen, and escapes the names of runs', () => {
    const text = renderMarkdown(model);
    const head = text.slice(0, text.indexOf('## Results'));
    expect(head).toContain('**3 of 180 planned cells were taken over**');
    expect(text).toContain('## Taken over from earlier runs');
    expect(text).toContain('the outputs cost $0.30 and the scores $0.04');
    expect(text).not.toContain('<b>tuesday (');
    expect(junitStart(model)).toContain('<property name="assay.reused" value="3"/>');
    expect(JSON.parse(jsonLine(cells[0] as ReportCell))).toMatchObject({
      reusedFrom: { output: { experiment: 'monday', costDollars: '0.1' } },
    });
  });

  it('says where nothing could be taken over, and nothing where nobody asked', () => {
    expect(renderMarkdown(modelOf({ reuse: true }, plain))).toContain(
      'Nothing could be taken over from earlier runs.',
    );
    const without = modelOf({}, plain);
    expect(without.reuse).toBeNull();
    expect(renderMarkdown(without)).not.toContain('taken over');
  });
});

describe('a report of a sample', () => {
  const sample: DatasetSample = {
    of: 5_000,
    by: '/metadata/<x>',
    seed: 7,
    strata: [
      { key: '"a|b"', of: 4_900, items: 178 },
      { key: '', of: 100, items: 2 },
    ],
  };
  const { manifest } = sampleHeader;
  const header = {
    manifest: { ...manifest, dataset: { ...manifest.dataset, sample } },
    sampleAsked: 180,
  };

  it('says so before anything else, in JSON and in JUnit', () => {
    const model = modelOf(header, plain);
    const text = renderMarkdown(model);
    const first = text.slice(0, text.indexOf('## Results'));
    expect(first).toMatch(/> ⚠️ \*\*Quick mode\*\*: sample of 180 of 5,000 items/);
    expect(first).not.toContain('/<x>');
    expect(text).toContain('## The sample');
    expect(text).toContain('*without a value*');
    expect(model.run.dataset).toMatchObject({ items: 180, sample, sampleAsked: 180 });
    expect(junitStart(model)).toContain(
      '<property name="assay.sample" value="sample of 180 of 5,000',
    );
  });

  it('says where all of the dataset was run all the same', () => {
    const model = modelOf({ sampleAsked: 1_000 }, plain);
    expect(model.run.dataset).toMatchObject({ sample: null, sampleAsked: 1_000 });
    expect(renderMarkdown(model)).toContain(
      '> **Quick mode**: a sample of 1,000 items was asked for; all 180 of the dataset are run.',
    );
    expect(renderMarkdown(modelOf({}, plain))).not.toContain('Quick mode');
  });
});
