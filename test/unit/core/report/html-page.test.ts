import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';

import type { AnchorReport } from '../../../../src/contracts/report/anchors.js';
import { html, Markup } from '../../../../src/core/report/html/markup.js';
import { renderHtml } from '../../../../src/core/report/html/page.js';
import { link } from '../../../../src/core/report/html/pieces.js';
import { visible } from '../../../../src/core/text/escape/visible.js';
import { anyText, dangerous, hostile } from '../text/escape/hostile.js';
import { cell, header, report, truth } from './cells.js';
import { compared } from './compared-run.js';
import { hostileCells, hostileHeader } from './hostile-run.js';
import { pageParts } from './page-parts.js';
import { repeatedCells, repeatedHeader } from './repeated-run.js';
import { sampleCells, sampleHeader } from './sample-run.js';

const sample = renderHtml(compared(report(sampleCells(), sampleHeader)));
const repeated = renderHtml(report(repeatedCells(), repeatedHeader));
const hostilePage = renderHtml(report(hostileCells(), hostileHeader()));

const pages: readonly (readonly [string, string])[] = [
  ['a finished run', sample],
  ['a run with repetitions', repeated],
  ['a hostile run', hostilePage],
  ['a run without a cell', renderHtml(report([], header(0)))],
];

const askedAnchors: AnchorReport = {
  evaluator: 'tone',
  model: 'openai/m',
  prompt: 'p',
  planned: 4,
  judged: 3,
  abstained: 1,
  errors: 0,
  notApplicable: 0,
  agreement: { value: 2 / 3, interval: { low: 0.2, high: 0.9, confidence: 0.95 }, n: 3 },
  meanScore: { value: 0.75, interval: null, n: 3 },
  disagreements: [{ id: 'late', expected: true, score: 0.25 }],
  missing: [{ id: 'vague', reason: 'Cannot tell.' }],
  calls: 4,
  costDollars: '0.0001',
  since: {
    experiment: 'nightly-1',
    sameJudge: false,
    difference: { value: -0.25, interval: { low: -0.5, high: 0, confidence: 0.95 }, n: 3 },
    flips: [{ id: 'late', before: true, after: false }],
  },
};

/** What a person reads: without tags, with its entities as they are written, white space as one blank. */
const textOf = (page: string): string =>
  page
    .slice(page.indexOf('<body>'), page.lastIndexOf('<script>'))
    .replace(/<[^>]*>/g, ' ')
    .replace(/&quot;/g, '"')
    .replace(/\s+/g, ' ');

describe('the page of a report', () => {
  it('says n of m for cells and scores, and what stands out', () => {
    const text = textOf(sample);
    expect(text).toContain('175 of 180 planned; 4 target errors, 1 pending');
    expect(text).toContain('88.0 % passed (154 of 175)');
    expect(text).toContain('175 of 180 cells scored (5 without an output)');
    expect(text).toMatch(/Where language is fr , category passes 54\.8 % \(17 of 31\)/);
    expect(text).toContain('21 of 175 graded cells have a failed required score');
    expect(text).toContain('175 of 180 planned cells');
    expect(text).toContain('175 answered calls without a known price');
    expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it('shows the verdict against the baseline with what it rests on', () => {
    const text = textOf(sample);
    expect(text).toContain('Regression. Worse than the baseline.');
    expect(text).toContain('96.0 % → 88.0 %');
    expect(text).toContain('14 items worse, 0 items better');
    expect(text).toMatch(/How much of it is the judge.*−0\.125 on the same 8 anchors/);
    expect(textOf(repeated)).not.toContain('Against the baseline');
  });

  it('marks the words in which output and expectation differ', () => {
    expect(sample).toContain('<mark class="del">refund</mark>');
    expect(sample).toContain('<mark class="ins">technical</mark>');
  });

  it('tells flaky items with the outcome of each repetition', () => {
    expect(textOf(repeated)).toMatch(/\d+ of \d+ items passed in some repetitions only/);
    expect(repeated).toMatch(/role="img"\s+aria-label="2 passes in 3 repetitions"/);
  });

  it('tells how judges did on their anchors, and how much of a change they are', () => {
    const page = renderHtml(report(sampleCells(), { ...sampleHeader, anchors: [askedAnchors] }));
    const text = textOf(page);
    expect(text).toContain('tone : 3 of 4 anchors judged (1 abstained) with 4 calls');
    expect(text).toContain('tone judges otherwise than people: late (0.25, should pass)');
    expect(text).toContain('since nightly-1 , another model or prompt than then');
    expect(text).toContain('−0.25 (-0.5 – 0) on the same 3 anchors');
    expect(text).toContain('late (now fails)');
    expect(textOf(sample)).not.toContain('The judges themselves');
  });

  it.each(pages)('of %s is one well-formed document of our own markup', (_, page) => {
    const { tags, open } = pageParts(page);
    expect(open).toEqual([]);
    expect(page).not.toMatch(dangerous);
    expect(page.isWellFormed()).toBe(true);
    expect(tags.filter(({ name }) => name === 'script')).toHaveLength(1);
    expect(tags.filter(({ name }) => name === 'style')).toHaveLength(1);
    const names = new Set(tags.map(({ name }) => name));
    for (const foreign of ['img', 'iframe', 'object', 'form', 'base', 'foreignobject', 'use']) {
      expect(names).not.toContain(foreign);
    }
    const attributes = tags.flatMap((tag) => [...tag.attributes.keys()]);
    expect(attributes.filter((name) => name.startsWith('on') || name === 'style')).toEqual([]);
  });

  it.each(pages)('of %s asks nobody for anything', (_, page) => {
    const { tags, styles, scripts } = pageParts(page);
    for (const { name, attributes } of tags) {
      expect(attributes.has('src')).toBe(false);
      const address = attributes.get('href');
      if (address === undefined) continue;
      if (name === 'link') expect(address).toMatch(/^data:image\/svg\+xml,/);
      else expect(address).toMatch(/^(?:#[a-z0-9-]+|https?:\/\/[^\s<>"]+)$/);
    }
    expect(styles.join('')).not.toMatch(/url\(|@import/);
    expect(scripts.join('')).not.toMatch(/https?:|fetch|XMLHttp|innerHTML|import\(|eval/);
  });

  it.each(pages)('of %s allows by its policy what stands in it, and nothing else', (_, page) => {
    const { tags, styles, scripts } = pageParts(page);
    const policy = tags
      .find(({ attributes }) => attributes.get('http-equiv') === 'Content-Security-Policy')
      ?.attributes.get('content');
    const hash = (text: string): string =>
      `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src ${hash(styles[0] ?? '')};`);
    expect(policy).toContain(`script-src ${hash(scripts[0] ?? '')};`);
    expect(policy).not.toContain('unsafe');
  });

  it('has every place that it links to, each id once', () => {
    for (const [, page] of pages) {
      const { tags } = pageParts(page);
      const ids = tags.flatMap(({ attributes }) => attributes.get('id') ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { attributes } of tags) {
        const address = attributes.get('href');
        if (address?.startsWith('#')) expect(ids).toContain(address.slice(1));
      }
    }
  });

  it('lists 200 of 600 failed cells, says so, and stays below 3 MB however long they are', () => {
    const body = 'Long answers with many words in them, some of which differ. '.repeat(60);
    const comment = {
      passed_items: [],
      failed_items: Array.from({ length: 12 }, (_, line) => `criterion ${line} ${body}`),
      reasoning: body,
      suggestions: [body],
    };
    const scores = Array.from({ length: 6 }, (_, s) => ({
      ...truth(`judge-${s}`, false),
      comment,
    }));
    const cells = Array.from({ length: 600 }, (_, i) =>
      cell(`item-${i}`, {
        output: { category: `wrong ${i % 30}`, text: `${body}${i}` },
        item: {
          id: `item-${i}`,
          input: { text: body },
          expected: { category: `right ${i % 30}`, text: body },
          metadata: { kind: `k${i % 20}`, other: i % 7 },
        },
        scores,
      }),
    );
    const page = renderHtml(report(cells, header(600)));
    expect(textOf(page)).toContain('Showing 200 of 600.');
    expect(page.match(/<details\s+class="cell"/g)).toHaveLength(200);
    expect(page.length).toBeLessThan(3_000_000);
  });
});

describe('a template of HTML', () => {
  it('escapes whatever text stands in it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const written = String(html`<b title="${text}">${[text]}</b>`);
        expect(written).toMatch(/^<b title="[^<>"]*">[^<>"]*<\/b>$/);
        expect(written).not.toMatch(dangerous);
      }),
    );
  });

  it('takes only markup as markup', () => {
    expect(String(html`${html`<i>${hostile.script}</i>`}`)).toMatch(/^<i>[^<]*<\/i>$/);
    expect(String(html`${new Markup('<br>')}${null}${false}${undefined}${0}`)).toBe('<br>0');
  });

  it('links only to http and https', () => {
    for (const address of [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      ' javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      '//x.example',
      'vbscript:x',
    ]) {
      expect(String(link('label', address))).toBe('label');
    }
    expect(String(link('label', 'https://x.example/"><script>'))).toMatch(
      /^<a\s+href="https:\/\/x\.example\/[^"<>]*"\s+target="_blank"\s+rel="noopener noreferrer"\s*>label<\/a\s*>$/,
    );
    expect(visible(hostile.bidi)).not.toMatch(dangerous);
  });
});
