import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';

import { csvForm, csvHeader, csvRow } from '../../../../src/core/report/csv.js';
import { jsonLine, renderJson } from '../../../../src/core/report/json.js';
import { junitXml } from '../../../../src/core/report/junit.js';
import { renderMarkdown } from '../../../../src/core/report/markdown/render.js';
import { summaryTable } from '../../../../src/core/report/summary-table.js';
import { dangerous } from '../text/escape/hostile.js';
import { cell, header, report, truth } from './cells.js';
import { hostileCells, hostileHeader } from './hostile-run.js';
import { repeatedCells, repeatedHeader } from './repeated-run.js';
import { sampleCells, sampleHeader } from './sample-run.js';

const sample = report(sampleCells(), sampleHeader);
const hostileModel = report(hostileCells(), hostileHeader());

/** The lines of markdown outside of fenced blocks. */
function outsideFences(markdown: string): readonly string[] {
  let fence: string | undefined;
  return markdown.split('\n').filter((line) => {
    const ticks = /^(`{3,})/.exec(line)?.[1];
    if (fence === undefined && ticks !== undefined) {
      fence = ticks;
      return false;
    }
    if (fence === undefined) return true;
    if (line === fence) fence = undefined;
    return false;
  });
}

/** How many cells a table row has: pipes that no backslash takes away. */
function cellsOfRow(row: string): number {
  return [...row.matchAll(/(?<!\\)(?:\\\\)*\|/g)].length - 1;
}

describe('the markdown report', () => {
  it('says n of m for the cells and for each score', () => {
    const markdown = renderMarkdown(sample);
    expect(markdown).toContain('**175 of 180 planned cells ok**');
    expect(markdown).toMatch(
      /`category` \| \*\*88\.0 %\*\* passed \(154 of 175\) .* 175 of 180 \|/,
    );
    expect(markdown).toContain('3 evaluator errors, 5 without an output');
    expect(markdown).toContain('497 of 498');
    expect(markdown).toContain('175 answered calls without a known price');
  });

  it('puts the pattern before the examples', () => {
    const markdown = renderMarkdown(sample);
    const pattern = markdown.indexOf(
      'Where `language` is `fr`, `category` passes 54.8 % (17 of 31)',
    );
    expect(pattern).toBeGreaterThan(0);
    expect(markdown.indexOf('## Failed cells')).toBeGreaterThan(pattern);
  });

  it('lists the worst items, and those whose repetitions do not agree', () => {
    expect(renderMarkdown(sample)).toContain('## Worst items');
    const markdown = renderMarkdown(report(repeatedCells(), repeatedHeader));
    expect(markdown).toMatch(/## Flaky items — \d+ of \d+ graded more than once/);
    expect(markdown).toMatch(/\| [✓✗] [✓✗] [✓✗] \| [12] of 3 \|/);
    expect(markdown).toMatch(/`category` \([12] of 3 passed\)/);
    // Without repetitions there is nothing to waver.
    expect(renderMarkdown(sample)).not.toContain('## Flaky items');
  });

  it('of a hostile run keeps its shape: tables, fences, headings, links', () => {
    const markdown = renderMarkdown(hostileModel);
    expect(markdown.isWellFormed()).toBe(true);
    expect(markdown).not.toMatch(dangerous);
    const lines = outsideFences(markdown);
    // An open fence would have swallowed the end.
    expect(markdown.trimEnd().split('\n').length).toBeGreaterThan(lines.length);
    const headings = lines.filter((line) => line.startsWith('#'));
    expect(headings.every((line) => /^(?:# Experiment |## |### )/.test(line))).toBe(true);
    for (const [i, line] of lines.entries()) {
      if (!line.startsWith('|')) continue;
      const before = lines[i - 1] ?? '';
      if (before.startsWith('|')) expect(cellsOfRow(line)).toBe(cellsOfRow(before));
    }
    for (const line of lines) {
      // Outside of code spans and the addresses of our links no bare markup of the text is left.
      const prose = line
        .replace(/(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)/g, '')
        .replace(/\]\(<https?:[^<>\s]*>\)/g, '');
      expect(prose).not.toMatch(/(?<!\\)<|(?<!\\)\]\(/);
      expect(prose).not.toMatch(/@\w|(?<!&)#\d/);
    }
  });

  it('shows at most 50 failed cells and cuts each body, however large the run', () => {
    const cells = Array.from({ length: 400 }, (_, i) =>
      cell(`item-${i}`, {
        output: { category: `wrong ${i % 90}`, text: 'x'.repeat(100_000) },
        item: {
          id: `item-${i}`,
          input: { text: 'y'.repeat(100_000) },
          expected: { category: `c${i % 5}` },
          metadata: {},
        },
        scores: [truth('category', false)],
      }),
    );
    const markdown = renderMarkdown(report(cells, header(400)));
    expect(markdown.match(/^\*\*`item-/gm)).toHaveLength(50);
    expect(markdown).toContain('50 of 400 failed cells are shown');
    expect(markdown.length).toBeLessThan(200_000);
  });

  it('of a run without any cell is still a report', () => {
    const markdown = renderMarkdown(report([], header(0)));
    expect(markdown).toContain('**0 of 0 planned cells ok**');
    expect(markdown).not.toMatch(/NaN|undefined|Infinity|null/);
  });
});

describe('the JSON report', () => {
  it('comes back as the model', () => {
    expect(JSON.parse(renderJson(sample))).toEqual(sample);
  });

  it('has a line per cell with everything but the bodies of its calls', () => {
    const lines = sampleCells().map((each) => jsonLine(each));
    expect(
      lines.every((line) => line.endsWith('}\n') && line.indexOf('\n') === line.length - 1),
    ).toBe(true);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      itemId: 'T-001',
      status: 'ok',
      calls: 2,
      targetCostDollars: '0.000096',
      judgeCostDollars: null,
      scores: expect.arrayContaining([expect.objectContaining({ name: 'category' })]),
    });
  });
});

describe('the CSV', () => {
  const read = (text: string): readonly Record<string, string>[] =>
    parse(text, { columns: true, record_delimiter: '\r\n' });

  it('has a row per cell with a column per score', () => {
    const form = csvForm(sample);
    const rows = read(
      csvHeader(form) +
        sampleCells()
          .map((each) => csvRow(each, form))
          .join(''),
    );
    expect(rows).toHaveLength(179);
    expect(rows[1]).toMatchObject({
      item_id: 'T-002',
      status: 'ok',
      passed: 'false',
      'score:category': 'false',
      'passed:category': 'false',
      'score:tone': '0.5',
      'passed:tone': 'true',
      latency_ms: '982',
      trace_id: '00000000000000000000000000000002',
    });
    expect(rows[20]).toMatchObject({ status: 'target_error', error_code: 'TARGET_TIMEOUT' });
  });

  it('of a hostile run has the right number of columns and no formula', () => {
    const form = csvForm(hostileModel);
    const cells = hostileCells();
    const rows = read(csvHeader(form) + cells.map((each) => csvRow(each, form)).join(''));
    expect(rows).toHaveLength(cells.length);
    for (const row of rows) {
      for (const value of Object.values(row)) expect(value).not.toMatch(/^\s*[=+@]|^-\D/);
    }
  });
});

describe('the JUnit report', () => {
  async function write(
    model: typeof sample,
    cells: ReturnType<typeof sampleCells>,
  ): Promise<string> {
    let text = '';
    for await (const piece of junitXml(model, cells)) text += piece;
    return text;
  }

  /** The names of all elements, where tags nest rightly, attributes are quoted and texts hold no markup. */
  function elements(xml: string): readonly string[] {
    const names: string[] = [];
    const open: string[] = [];
    const tag = /<(\/?)([a-z-]+)((?:\s+[a-z]+="[^"<]*")*)(\/?)>/gy;
    const text = /[^<]*/gy;
    let at = xml.indexOf('?>') + 2;
    for (;;) {
      text.lastIndex = at;
      const between = text.exec(xml)?.[0] ?? '';
      expect(between).not.toMatch(/&(?!(?:amp|lt|gt|quot|apos|#10|#9);)|\]\]>/);
      at += between.length;
      if (at >= xml.length) break;
      tag.lastIndex = at;
      const found = tag.exec(xml);
      if (found === null) throw new Error(`no tag at ${at}: ${xml.slice(at, at + 80)}`);
      const [whole, closing, name = '', , empty] = found;
      at += whole.length;
      if (closing === '/') expect(open.pop()).toBe(name);
      else {
        names.push(name);
        if (empty !== '/') open.push(name);
      }
    }
    expect(open).toEqual([]);
    return names;
  }

  it('has a test case per cell and tells failures from errors', async () => {
    const xml = await write(sample, sampleCells());
    const names = elements(xml);
    const counted = (name: string): number => names.filter((each) => each === name).length;
    expect(counted('testcase')).toBe(179);
    expect(counted('failure')).toBe(sample.cells.notPassed);
    expect(counted('error')).toBe(4);
    expect(xml).toContain(
      `tests="179" failures="${sample.cells.notPassed}" errors="4" skipped="0"`,
    );
    expect(xml).toContain('<property name="assay.pending" value="1"/>');
  });

  it('of a hostile run is well-formed XML 1.0', async () => {
    const xml = await write(hostileModel, hostileCells());
    expect(elements(xml).filter((name) => name === 'testcase')).toHaveLength(hostileCells().length);
    expect(xml).not.toMatch(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
  });
});

describe('the table of several runs', () => {
  it('has a row per run, each figure with its n, and a dash for what a run does not have', () => {
    const other = report([cell('a', { scores: [truth('category', true)] })], header(1));
    const { headings, rows } = summaryTable([sample, other]);
    expect(headings.slice(0, 6)).toEqual([
      'Experiment',
      'Status',
      'Cells ok',
      'category',
      'tone',
      'urgency',
    ]);
    expect(rows[0]?.slice(2, 4)).toEqual(['175 of 180', '88.0 % (154 of 175)']);
    expect(rows[1]?.slice(2, 6)).toEqual(['1 of 1', '100 % (1 of 1)', '—', '—']);
    expect(rows.every((row) => row.length === headings.length)).toBe(true);
  });
});
