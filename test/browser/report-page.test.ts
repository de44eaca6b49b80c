import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AxeBuilder } from '@axe-core/playwright';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';

import { renderHtml } from '../../src/core/report/html/page.js';
import type { ReportHeader } from '../../src/core/report/report-input.js';
import { report } from '../unit/core/report/cells.js';
import { compared } from '../unit/core/report/compared-run.js';
import { hostileCells, hostileHeader } from '../unit/core/report/hostile-run.js';
import { repeatedCells, repeatedHeader } from '../unit/core/report/repeated-run.js';
import { sampleCells, sampleHeader } from '../unit/core/report/sample-run.js';
import { findChromium } from './chromium.js';

const executablePath = findChromium();
if (executablePath === undefined) {
  console.warn('No Chromium was found: the report is not tested in a browser. Set CHROMIUM_PATH.');
}
const inBrowser = executablePath === undefined ? describe.skip : describe;

/** So that each failed score fails its cell, and there are many kinds of failed cells to look through. */
const allRequired = (header: ReportHeader): ReportHeader => ({
  ...header,
  manifest: {
    ...header.manifest,
    evaluators: header.manifest.evaluators.map((each) => ({ ...each, required: true })),
  },
});

/**
 * Leaves three rows, list entries and cells of each make: axe looks at every element for half a minute, and finds of the tenth row what
 * it finds of the first. What holds other tags or classes is of another make.
 */
const fewOfAKind = `
  const makeOf = (each) =>
    [each, ...each.querySelectorAll('*')].map(({ tagName, classList }) => tagName + '.' + [...classList].join('.'));
  const seen = new Map();
  for (const each of document.querySelectorAll('tbody > tr, li, details')) {
    const make = each.parentElement.closest('section, table, details')?.id + [...new Set(makeOf(each))].sort();
    const count = (seen.get(make) ?? 0) + 1;
    seen.set(make, count);
    if (count > 3) each.remove();
  }
`;

inBrowser('the page of a report in a browser', () => {
  let browser: Browser;
  let folder: string;
  const pages = {
    sample: renderHtml(compared(report(sampleCells(), allRequired(sampleHeader)))),
    repeated: renderHtml(report(repeatedCells(), repeatedHeader)),
    hostile: renderHtml(report(hostileCells(), hostileHeader())),
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-report-'));
    for (const [name, page] of Object.entries(pages)) {
      await writeFile(join(folder, `${name}.html`), page);
    }
    browser = await chromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: ['--no-sandbox'],
    });
  });

  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a page from the disk; all that it complains about and all that it asks for is noted. */
  async function open(
    name: keyof typeof pages,
    options: Parameters<Browser['newPage']>[0] = {},
  ): Promise<{ readonly page: Page; readonly troubles: readonly string[] }> {
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 }, ...options });
    const troubles: string[] = [];
    page.on('console', (message) => troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('dialog', (dialog) => troubles.push(`dialog: ${dialog.message()}`));
    page.on('request', (request) => {
      if (!/^(?:file|data):/.test(request.url())) troubles.push(`asked for ${request.url()}`);
    });
    await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
    return { page, troubles };
  }

  it.each(['sample', 'repeated', 'hostile'] as const)(
    'opens from the disk without a word of complaint and without a request (%s)',
    async (name) => {
      const { page, troubles } = await open(name);
      expect(await page.locator('html.live').count()).toBe(1);
      expect(troubles).toEqual([]);
      await page.close();
    },
  );

  it.each([
    ['sample', 1_280],
    ['sample', 360],
    ['hostile', 360],
  ] as const)('of %s is no wider than a screen of %d', async (name, width) => {
    const { page } = await open(name, { viewport: { width, height: 800 } });
    const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    expect(over).toBeLessThanOrEqual(0);
    await page.close();
  });

  it('shows its tables whole on a usual screen: none has to be scrolled sideways', async () => {
    const { page } = await open('sample');
    const over = await page.evaluate<readonly string[]>(
      `[...document.querySelectorAll('.scroll')]
        .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.ariaLabel)`,
    );
    expect(over).toEqual([]);
    await page.close();
  });

  it('sorts a table by a column, one way and the other', async () => {
    const { page } = await open('sample');
    const table = page.locator('#worst table');
    const first = (): Promise<string> => table.locator('tbody tr th code').first().innerText();
    const heading = table.getByRole('button', { name: 'Item' });
    await heading.click();
    expect(await table.locator('th[aria-sort=ascending]').innerText()).toContain('Item');
    const low = await first();
    await heading.click();
    expect((await first()) > low).toBe(true);
    await page.close();
  });

  it('sorts, searches and filters failed cells, and says how many are left', async () => {
    const { page } = await open('sample');
    const shown = page.locator('details.cell[data-item]:visible');
    const all = await shown.count();
    expect(all).toBe(29);
    await page.locator('select[name=sort]').selectOption('slow');
    const latencies = await Promise.all(
      (await shown.all()).map(async (cell) => Number(await cell.getAttribute('data-latency'))),
    );
    expect(latencies).toEqual([...latencies].sort((a, b) => b - a));
    await page.locator('input[name=search]').fill('learn what happens next');
    expect(await shown.count()).toBe(8);
    expect(await page.locator('#cell-tools .status').innerText()).toBe('8 of 29 shown');
    await page.locator('input[name=search]').fill('');
    await page.locator('select[name=group]').selectOption({ index: 2 });
    expect(await shown.count()).toBeLessThan(all);
    await page.close();
  });

  it('opens the cell that a criterion links to', async () => {
    const { page } = await open('sample');
    await page.locator('#failures table a[href^="#cell-"]').first().click();
    // The page hears of its new address a moment after the click.
    const opened = page.locator('details.cell[open]');
    await opened.first().waitFor();
    expect(await opened.count()).toBe(1);
    await page.close();
  });

  it('changes between light and dark', async () => {
    const { page } = await open('sample', { colorScheme: 'light' });
    const colour = (): Promise<string> =>
      page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await colour();
    await page.getByRole('button', { name: 'Theme: auto' }).click();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    expect(await colour()).not.toBe(light);
    await page.close();
  });

  it('shows everything without its script', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(pathToFileURL(join(folder, 'sample.html')).href);
    expect(await page.locator('details.cell[data-item]').count()).toBe(29);
    expect(await page.locator('#worst tbody tr:visible').count()).toBe(33);
    expect(await page.locator('.tools').isVisible()).toBe(false);
    await context.close();
  });

  it.each([
    ['sample', 'light', 1_280],
    ['sample', 'dark', 390],
    ['repeated', 'dark', 1_280],
  ] as const)(
    'has no barrier that axe finds (%s, %s, %d wide)',
    async (name, scheme, width) => {
      // Axe puts a script of its own into the page, which the policy forbids.
      const context = await browser.newContext({
        bypassCSP: true,
        colorScheme: scheme,
        viewport: { width, height: 900 },
      });
      const page = await context.newPage();
      await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
      await page.evaluate(
        "for (const each of document.querySelectorAll('details')) each.open = true",
      );
      await page.evaluate(fewOfAKind);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n')}`),
      ).toEqual([]);
      await context.close();
    },
    240_000,
  );
});
