import { describe, expect, it } from '@jest/globals';

import { csvForm, csvHeader, csvRow } from '../../../../src/core/report/csv.js';
import { renderHtml } from '../../../../src/core/report/html/page.js';
import { junitXml } from '../../../../src/core/report/junit.js';
import { renderMarkdown } from '../../../../src/core/report/markdown/render.js';
import type { ReportCell } from '../../../../src/core/report/report-input.js';
import type { ScoreRecord } from '../../../../src/contracts/records.js';
import { cell, header, report, truth } from './cells.js';

/** Of the sample's evaluators `category` is required; `tone` informs. */
const critical = (evaluator: string): ScoreRecord => ({
  ...truth(evaluator, false),
  comment: {
    passed_items: [],
    failed_items: ['Names the next step'],
    reasoning: 'It names none.',
    suggestions: [],
  },
});
const cells: readonly ReportCell[] = [
  cell('both-right', { scores: [truth('category', true), truth('tone', true)] }),
  cell('only-informative-wrong', { scores: [truth('category', true), critical('tone')] }),
  cell('required-wrong', { scores: [truth('category', false), truth('tone', true)] }),
  cell('informative-alone', { scores: [critical('tone')] }),
];
const model = report(cells, header(cells.length));

async function junit(): Promise<string> {
  let text = '';
  for await (const piece of junitXml(model, cells)) text += piece;
  return text;
}

describe('a failed score of an evaluator that informs', () => {
  it('fails no cell, passes none, and is in no rate of cells', () => {
    expect(model.cells).toMatchObject({ ok: 4, passed: 2, notPassed: 1, ungraded: 1 });
    expect(model.overall).toMatchObject({ n: 3, passed: 2 });
    expect(model.failures).toMatchObject({ cells: 1, graded: 3 });
    expect(model.failures.patterns.map(({ scores }) => scores)).toEqual([['category']]);
    expect(model.worstItems.map(({ itemId }) => itemId)).toEqual(['required-wrong']);
  });

  it('counts the same in markdown, HTML, CSV and JUnit', async () => {
    const markdown = renderMarkdown(model);
    expect(markdown).toContain('1 of 4 ok cells with a failed required score');
    expect(markdown).toContain('## Failed evaluations — 1 of 3 graded cells');
    expect(renderHtml(model)).toContain('1 of 3 graded cells have a failed required score');
    const form = csvForm(model);
    const rows = cells.map((each) => csvRow(each, form).split(',')[4]);
    expect(csvHeader(form).split(',')[4]).toBe('passed');
    expect(rows).toEqual(['true', 'true', 'false', '']);
    const xml = await junit();
    expect(xml).toContain('tests="4" failures="1"');
    expect(xml.match(/<failure /g)).toHaveLength(1);
    expect(xml).toContain('message="not passed: category"');
    // What it said is still told there.
    expect(xml).toContain('tone: false');
  });

  it('is still in its own rate, and its criteria are still counted', () => {
    const tone = model.evaluators.find(({ name }) => name === 'tone');
    expect(tone?.scores[0]?.passRate).toMatchObject({ passed: 2, n: 4 });
    expect(model.failures.criteria).toMatchObject([
      { evaluator: 'tone', text: 'Names the next step', n: 2 },
    ]);
    const silent = report([cells[3] ?? cell('none')], header(1));
    expect(renderMarkdown(silent)).toMatch(/No required score failed\.[\s\S]*Names the next step/);
    expect(renderHtml(silent)).toMatch(/No required score failed\.[\s\S]*Names the next step/);
  });
});
